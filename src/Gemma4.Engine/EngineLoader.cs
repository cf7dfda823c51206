using System.Diagnostics.Metrics;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Execution;
using Gemma4.Engine.Loading;
using Microsoft.Extensions.Logging;

namespace Gemma4.Engine;

/// <summary>From a checkpoint to a running engine.</summary>
public static class EngineLoader
{
    /// <summary>Loads the weights, takes the KV cache and starts the engine. Blocks for as long as that takes.</summary>
    /// <param name="checkpoint">The model.</param>
    /// <param name="compute">Where and how it computes.</param>
    /// <param name="options">Valid options.</param>
    /// <param name="meters">Makes the engine's meter.</param>
    /// <param name="loggers">Makes the engine's logger.</param>
    /// <param name="time">Clock of metrics and of the encoder's share of a step.</param>
    /// <param name="progress">Told after each tensor.</param>
    /// <exception cref="CheckpointException">The checkpoint is not one we can serve; names file, key or tensor.</exception>
    /// <exception cref="ArgumentException">A word of the compute options is unknown, or the device not there, or the KV cache is too small.</exception>
    public static GemmaEngine Load(
        Checkpoint checkpoint, ComputeOptions compute, EngineOptions options,
        IMeterFactory meters, ILoggerFactory loggers, TimeProvider time, IProgress<LoadProgress>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        LoadedRunner loaded = RunnerLoader.Load(checkpoint.Config, checkpoint.OpenTensors(), BackendFactory.Create(compute), options, time, progress);
        Log.Computing(loggers.CreateLogger<GemmaEngine>(), loaded.Backend);
        var traits = new ModelTraits(loaded.Config.Text.MaxPositions, loaded.Config.Text.VocabSize, loaded.Config.Text.BidirectionalVision);
        return new GemmaEngine(loaded.Runner, traits, loaded.Cache, options, meters, loggers, time);
    }
}
