namespace Gemma4.Engine.Backends;

/// <summary>The pools of keys and values: taken once, written and read through block tables, owned by the runner.</summary>
/// <remarks>
/// Where keys are values (<c>attention_k_eq_v</c>) the value is the key projection after normalisation without scale, and the key is
/// that same vector scaled and rotated. So one vector is stored and the key is made from it when read: half the memory and half
/// the memory traffic, for a scale and a rotation of R pairs a position.
/// </remarks>
/// <param name="blockSize">Positions in a block.</param>
internal abstract class KvPools(int blockSize) : IDisposable
{
    /// <summary>Positions in a block.</summary>
    public int BlockSize => blockSize;

    /// <inheritdoc/>
    public abstract void Dispose();
}

/// <summary>What one layer keeps of every position.</summary>
/// <param name="Group">Its KV group.</param>
/// <param name="NumKvHeads">Heads, K.</param>
/// <param name="HeadDim">Width of a head, H.</param>
/// <param name="KeysAreValues">True where only the value is stored and the key is made from it when read.</param>
internal sealed record KvLayerSpec(int Group, int NumKvHeads, int HeadDim, bool KeysAreValues)
{
    /// <summary>Bytes of one position.</summary>
    public long BytesPerToken(KvFormat format)
    {
        long heads = (KeysAreValues ? 1 : 2) * NumKvHeads;
        return format switch
        {
            KvFormat.Float32 => heads * HeadDim * sizeof(float),
            KvFormat.BFloat16 => heads * HeadDim * sizeof(ushort),
            KvFormat.Int8 => heads * (HeadDim + sizeof(float)),
            _ => throw new ArgumentOutOfRangeException(nameof(format), format, "An unknown format."),
        };
    }
}
