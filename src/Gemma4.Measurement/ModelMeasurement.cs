using System.Globalization;
using Gemma4.Engine;
using Gemma4.Engine.Backends;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Execution;
using Gemma4.Engine.Loading;
using Gemma4.Engine.Models;

namespace Gemma4.Measurement;

/// <summary>Loads a model and times its steps on this machine.</summary>
public static class ModelMeasurement
{
    private const long LargeBytes = 1_000_000_000;

    /// <summary>Measures, and writes a line for each figure as soon as it is known. Blocks for as long as that takes.</summary>
    /// <param name="checkpoint">The model.</param>
    /// <param name="compute">Where and how it computes.</param>
    /// <param name="output">Takes the lines; <c>bench/beside_llamacpp.py</c> reads them.</param>
    /// <param name="cancellationToken">Gives up, between two steps.</param>
    /// <exception cref="CheckpointException">The checkpoint is not one we can serve.</exception>
    /// <exception cref="ArgumentException">A word of the compute options is unknown, the device not there, or the model does not fit into memory.</exception>
    public static void Run(Checkpoint checkpoint, ComputeOptions compute, TextWriter output, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(output);
        LocatedModel located = checkpoint.Locate();
        using Gemma4Model model = Load(located, compute, out TextWeights weights, out Backend backend);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{checkpoint.Path}: {backend.NumWorkers} threads, {weights.Bytes / 1e9:0.00} GB of text weights, {weights.BytesOfToken / 1e9:0.00} GB a token; {backend.Description}"));
        using (var steps = new TimedSteps(model))
        {
            bool isLarge = weights.Bytes > LargeBytes;
            int repeats = isLarge ? 8 : 50;
            Write(output, "prompt", steps.Run(1, 512, 0, isLarge ? 1 : 5, cancellationToken));
            Write(output, "decode, 1 sequence", steps.Run(1, 1, 256, repeats, cancellationToken), weights.BytesOfToken);
            Write(output, "decode, 8 sequences", steps.Run(8, 1, 256, repeats, cancellationToken));
        }
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"memory",-24} {Environment.WorkingSet / 1e9:0.00} GB resident"));
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{"bandwidth",-24} {MemoryBandwidth.Measure(backend.NumWorkers) / 1e9:0.0} GB/s that {backend.NumWorkers} threads read of memory at most"));
    }

    private static Gemma4Model Load(LocatedModel located, ComputeOptions compute, out TextWeights weights, out Backend backend)
    {
        backend = BackendFactory.Create(compute);
        try
        {
            MemoryForecaster.Create(located, backend, new EngineOptions { KvCacheBytes = 1 }).RequireFit();
            weights = TextWeights.Of(located, backend);
        }
        catch
        {
            backend.Dispose();
            throw;
        }
        return ModelLoader.Load(located, backend, lazy: compute.LazyWeights);
    }

    private static void Write(TextWriter output, string what, StepTime step, long weightBytes = 0)
    {
        string rate = weightBytes > 0 ? string.Create(CultureInfo.InvariantCulture, $" {weightBytes / step.Time.TotalSeconds / 1e9,8:0.0} GB/s of weights") : "";
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{what,-24} {step.NumTokens,5} tokens {step.Time.TotalMilliseconds,10:0.0} ms {step.TokensPerSecond,10:0.0} tokens/s{rate}"));
    }
}
