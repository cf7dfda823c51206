using System.Diagnostics.Metrics;
using Gemma4.Engine.Backends;
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
    /// <exception cref="ArgumentException">A word of the compute options is unknown, or the device not there, the KV cache is too small, or the model does not fit into memory.</exception>
    public static GemmaEngine Load(
        Checkpoint checkpoint, ComputeOptions compute, EngineOptions options,
        IMeterFactory meters, ILoggerFactory loggers, TimeProvider time, IProgress<LoadProgress>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ILogger logger = loggers.CreateLogger<GemmaEngine>();
        LocatedModel located = checkpoint.Locate();
        Backend backend = BackendFactory.Create(compute);
        MemoryForecast memory = Forecast(located, backend, options);
        Log.MemoryNeeded(logger, memory);
        LoadedRunner loaded = RunnerLoader.Load(located, backend, options, memory.KvCacheBytes, compute.LazyWeights, time, progress);
        Log.Computing(logger, loaded.Backend);
        var traits = new ModelTraits(loaded.Config.Text.MaxPositions, loaded.Config.Text.VocabSize, loaded.Config.Text.BidirectionalVision);
        return new GemmaEngine(loaded.Runner, traits, loaded.Cache, options, meters, loggers, time);
    }

    /// <summary>Forecasts for a backend that is given up where the model does not fit.</summary>
    private static MemoryForecast Forecast(LocatedModel model, Backend backend, EngineOptions options)
    {
        try
        {
            MemoryForecast memory = MemoryForecaster.Create(model, backend, options);
            memory.RequireFit();
            return memory;
        }
        catch
        {
            backend.Dispose();
            throw;
        }
    }
}
