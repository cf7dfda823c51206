using System.Collections.Immutable;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Execution;
using Gemma4.Engine.KvCache;
using Gemma4.Engine.Models;
using Gemma4.Engine.Scheduling;
using Gemma4.Testing;
using Microsoft.Extensions.Logging;

namespace Gemma4.Engine.Tests.EndToEnd;

/// <summary>Engines over the tiny checkpoints, with a KV cache of a size that the test chooses.</summary>
internal static class TinyEngine
{
    /// <summary>Loads a model and starts an engine.</summary>
    /// <param name="name">Of the checkpoint.</param>
    /// <param name="meters">Makes the meter.</param>
    /// <param name="options">Of the engine.</param>
    /// <param name="numTokens">Positions of each pool.</param>
    /// <param name="log">Keeps faults.</param>
    /// <param name="drafter">Guesses next tokens; null has none guessed.</param>
    /// <param name="backend">What computes.</param>
    public static GemmaEngine Load(
        string name, TestMeterFactory meters, EngineOptions options, int numTokens, ILoggerFactory log, IDrafter? drafter = null, string backend = "auto")
    {
        Gemma4Model model = Checkpoint.Open(Path.Combine(RepositoryPaths.Fixtures, "models", name)).LoadModel(new ComputeOptions { Device = "cpu", Backend = backend, Threads = 2 });
        ImmutableArray<KvGroupSpec> groups = KvMemory.Groups(model.Config.Text, model.KvLayers, model.Backend.KvFormat);
        var cache = new KvCachePlan(options.BlockSize, groups, [.. groups.Select(_ => numTokens / options.BlockSize)]);
        var runner = new ModelRunner(
            model, cache.NumBlocks, options.BlockSize, options.MaxTokensPerStep, options.MaxSequences,
            new EncoderLimits(TimeShare: 0.5, MaxTokensPerPass: 280, CacheBytes: 16 << 20), TimeProvider.System);
        var traits = new ModelTraits(model.Config.Text.MaxPositions, model.Config.Text.VocabSize, model.Config.Text.BidirectionalVision);
        return new GemmaEngine(runner, traits, cache, options, meters, log, TimeProvider.System, drafter);
    }
}
