namespace Gemma4.Engine.KvCache;

/// <summary>Names the content of a full block and of all before it: equal hashes, equal keys and values.</summary>
/// <param name="Value">The first half of a SHA-256; zero stands for no hash.</param>
internal readonly record struct BlockHash(UInt128 Value)
{
    /// <summary>No hash: the block is not full or not shared.</summary>
    public static readonly BlockHash None = default;
}
