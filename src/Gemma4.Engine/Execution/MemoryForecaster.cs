using System.Collections.Immutable;
using Gemma4.Engine.Backends;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Kernels;
using Gemma4.Engine.KvCache;
using Gemma4.Engine.Loading;

namespace Gemma4.Engine.Execution;

/// <summary>Reckons the memory that serving a model takes, with the arithmetic that loads it.</summary>
internal static class MemoryForecaster
{
    /// <summary>Share of the memory that is left to the system where the user sets no budget.</summary>
    private const double Reserve = 0.05;

    /// <summary>What the program takes before it has a model: the runtime, libtorch and the server. 0.19 GB resident with the smallest model.</summary>
    private const long ProgramBytes = 200_000_000;

    /// <summary>Reckons; no weight is touched.</summary>
    /// <param name="model">The model, found in a checkpoint.</param>
    /// <param name="backend">Will compute it; nothing was loaded yet.</param>
    /// <param name="options">Valid options.</param>
    public static MemoryForecast Create(LocatedModel model, Backend backend, EngineOptions options)
    {
        (Gemma4Config config, ExpectedModel expected) = (model.Config, model.Expected);
        long made = 0, mapped = 0, inFiles = 0;
        foreach ((string name, LocatedWeight weight) in model.Weights)
        {
            bool isMultiplied = expected.Multiplied.TryGetValue(name, out bool isHead);
            if (!isMultiplied && expected.Gathered.Contains(name))
            {
                inFiles += weight.Length;
                continue;
            }
            if (!weight.IsAsStored && weight.Format.BlockLength == 1)
                made += weight.Length;
            long bytes = backend.BytesMade(weight.Format, weight.Shape.AsSpan(), weight.InPanels, isMultiplied, isHead);
            made += bytes;
            mapped += bytes == 0 && weight.IsAsStored ? weight.Length : 0;
        }
        ImmutableArray<KvGroupSpec> groups = KvMemory.Groups(config.Text, expected.KvLayers, backend.KvFormat);
        int maxContextLength = Math.Min(config.Text.MaxPositions, options.MaxContextLength ?? int.MaxValue);
        long limit = options.MemoryBudgetBytes ?? (long)((1 - Reserve) * backend.MemoryBytes());
        long smallest = KvBudget.Cost(groups, 1, options.MaxTokensPerStep, options.BlockSize);
        long work = ProgramBytes + expected.Work.Bytes(options.MaxTokensPerStep, ModelRunner.MaxLogitRows) + EncoderBytes(config, options);
        long left = Math.Max(smallest, limit - made - mapped - work);
        return new MemoryForecast
        {
            WeightBytes = made,
            MappedBytes = mapped,
            FileBytes = inFiles,
            KvCacheBytes = KvMemory.Budget(groups, options, maxContextLength, Math.Min(left, backend.FreeKvBytes())),
            UsefulKvCacheBytes = KvMemory.Useful(groups, options, maxContextLength),
            SmallestKvCacheBytes = smallest,
            WorkBytes = work,
            LimitBytes = limit,
        };
    }

    /// <summary>Images on their way through the tower: for each patch a row of D numbers three times, one of F twice, in float32; and what is kept.</summary>
    private static long EncoderBytes(Gemma4Config config, EngineOptions options)
    {
        if (config.Vision is not { } vision)
            return 0;
        long patches = (long)Math.Max(options.MaxEncoderTokensPerPass, config.Processor.ImageSoftTokens) * vision.PoolingSize * vision.PoolingSize;
        return options.EncoderCacheBytes + patches * (3 * vision.HiddenSize + 2 * vision.IntermediateSize) * sizeof(float);
    }
}
