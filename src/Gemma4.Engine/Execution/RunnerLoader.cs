using System.Collections.Immutable;
using Gemma4.Engine.Backends;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.KvCache;
using Gemma4.Engine.Loading;
using Gemma4.Engine.Models;

namespace Gemma4.Engine.Execution;

/// <summary>Takes all memory that serving it needs: weights, then the KV cache.</summary>
internal static class RunnerLoader
{
    /// <summary>Loads.</summary>
    /// <param name="located">What the model needs, found in a checkpoint.</param>
    /// <param name="backend">Computes; owned by the runner, and disposed where loading fails.</param>
    /// <param name="options">Valid options.</param>
    /// <param name="maxKvBytes">Bytes that the KV cache may have at most where the options do not say how many it has.</param>
    /// <param name="lazy">True where mapped weights are read when they are first multiplied with.</param>
    /// <param name="time">Measures steps.</param>
    /// <param name="progress">Told after each tensor.</param>
    /// <returns>The caller owns the runner.</returns>
    /// <exception cref="CheckpointException">The checkpoint is not one we can serve.</exception>
    public static LoadedRunner Load(LocatedModel located, Backend backend, EngineOptions options, long maxKvBytes, bool lazy, TimeProvider time, IProgress<LoadProgress>? progress)
    {
        Gemma4Model model = ModelLoader.Load(located, backend, progress, lazy);
        try
        {
            ImmutableArray<KvGroupSpec> groups = KvMemory.Groups(model.Config.Text, model.KvLayers, backend.KvFormat);
            int maxContextLength = Math.Min(model.Config.Text.MaxPositions, options.MaxContextLength ?? int.MaxValue);
            long bytes = KvMemory.Budget(groups, options, maxContextLength, Math.Min(maxKvBytes, backend.FreeKvBytes()));
            KvCachePlan cache = KvBudget.Split(
                bytes, groups, options.BlockSize, maxContextLength, options.TypicalSequenceTokens, options.MaxTokensPerStep);
            var encoder = new EncoderLimits(options.EncoderTimeShare, options.MaxEncoderTokensPerPass, options.EncoderCacheBytes);
            var runner = new ModelRunner(
                model, cache.NumBlocks, cache.BlockSize, options.MaxTokensPerStep, options.MaxSequences, encoder, time);
            return new LoadedRunner(runner, cache, model.Config, backend.Description);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }
}

/// <summary>A runner with what the scheduler must know of it.</summary>
/// <param name="Runner">Owned by the receiver.</param>
/// <param name="Cache">The KV cache that was made.</param>
/// <param name="Config">The model's configuration.</param>
/// <param name="Backend">What computes it, as people write it.</param>
internal readonly record struct LoadedRunner(ModelRunner Runner, KvCachePlan Cache, Gemma4Config Config, string Backend);
