using System.Collections.Immutable;

namespace Gemma4.Engine.KvCache;

/// <summary>What one sequence has in the cache: a block table a group, and the hashes of its full blocks.</summary>
/// <param name="numGroups">KV groups of the cache.</param>
/// <param name="chain">The hashes, those of the prompt at least; null for a sequence that shares nothing.</param>
internal sealed class SequenceKv(int numGroups, BlockHashChain? chain)
{
    /// <summary>By group.</summary>
    public ImmutableArray<BlockTable> Tables { get; } = [.. Enumerable.Range(0, numGroups).Select(_ => new BlockTable())];

    /// <summary>Null when the sequence neither finds nor leaves prefixes.</summary>
    public BlockHashChain? Chain { get; } = chain;

    /// <summary>Leading blocks that were offered to the prefix cache.</summary>
    public int NumRegistered { get; set; }
}
