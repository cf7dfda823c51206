namespace Gemma4.Engine.KvCache;

/// <summary>A block of KV positions in one group's pool.</summary>
/// <param name="Value">Index in the pool; slot <c>Value * BlockSize + offset</c> holds one position.</param>
public readonly record struct BlockId(int Value)
{
    /// <summary>Stands in a block table where the window has moved past a block that was given back. Never read or written.</summary>
    public static readonly BlockId None = new(-1);
}
