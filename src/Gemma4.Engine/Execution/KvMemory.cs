using System.Collections.Immutable;
using Gemma4.Engine.Backends;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.KvCache;

namespace Gemma4.Engine.Execution;

/// <summary>How many bytes the KV cache gets where the user sets none.</summary>
internal static class KvMemory
{
    /// <summary>The model's groups, with what a position costs in each.</summary>
    /// <param name="text">The model.</param>
    /// <param name="layers">What each layer stores of a position; null where it shares another's.</param>
    /// <param name="format">What is stored.</param>
    public static ImmutableArray<KvGroupSpec> Groups(TextConfig text, IReadOnlyList<KvLayerSpec?> layers, KvFormat format) =>
        [.. text.KvGroups.Select(group => new KvGroupSpec(group.Window, group.OwnerLayers.Sum(layer => layers[layer]!.BytesPerToken(format))))];

    /// <summary>The bytes that the options name, or what could ever be used, or what memory allows: the smallest.</summary>
    /// <param name="groups">The model's groups.</param>
    /// <param name="options">The options.</param>
    /// <param name="maxContextLength">Tokens of the longest sequence.</param>
    /// <param name="free">Bytes that it may have of what the weights leave.</param>
    public static long Budget(ImmutableArray<KvGroupSpec> groups, EngineOptions options, int maxContextLength, long free)
    {
        if (options.KvCacheBytes is { } bytes)
            return bytes;
        return Math.Min(Useful(groups, options, maxContextLength), free);
    }

    /// <summary>The bytes that could ever be used: one sequence of the longest context, and all others of the typical length.</summary>
    /// <param name="groups">The model's groups.</param>
    /// <param name="options">The options.</param>
    /// <param name="maxContextLength">Tokens of the longest sequence.</param>
    public static long Useful(ImmutableArray<KvGroupSpec> groups, EngineOptions options, int maxContextLength)
    {
        int typical = Math.Min(options.TypicalSequenceTokens, maxContextLength);
        return KvBudget.Cost(groups, maxContextLength, options.MaxTokensPerStep, options.BlockSize)
            + (options.MaxSequences - 1) * KvBudget.Cost(groups, typical, 1, options.BlockSize);
    }
}
