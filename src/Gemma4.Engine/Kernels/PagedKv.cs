namespace Gemma4.Engine.Kernels;

/// <summary>One layer's pools of keys and values in host memory, and how to read a position of one sequence.</summary>
/// <param name="keys"><c>[slots, K, H]</c>; null where the key is made from the value.</param>
/// <param name="values"><c>[slots, K, H]</c>.</param>
/// <param name="numKvHeads">K.</param>
/// <param name="headDim">H, a multiple of 8.</param>
/// <param name="blockSize">Positions in a block.</param>
internal readonly unsafe struct PagedKv<T>(T* keys, T* values, int numKvHeads, int headDim, int blockSize)
    where T : unmanaged
{
    public T* Keys { get; } = keys;

    public T* Values { get; } = values;

    public int NumKvHeads { get; } = numKvHeads;

    public int HeadDim { get; } = headDim;

    public int BlockSize { get; } = blockSize;

    /// <summary>Offset of one KV head at one position in either pool.</summary>
    public long Offset(ReadOnlySpan<int> blockTable, int position, int kvHead) =>
        (((long)blockTable[position / BlockSize] * BlockSize + position % BlockSize) * NumKvHeads + kvHead) * HeadDim;
}

/// <summary>Makes a key from a stored value where keys are values: <c>rotate(scale ∘ value)</c>.</summary>
/// <param name="scale"><c>[H]</c>, the key normalisation's weight.</param>
/// <param name="cos"><c>[positions, R]</c>.</param>
/// <param name="sin"><c>[positions, R]</c>.</param>
/// <param name="numRotated">Rotated pairs, R; pair i is lanes i and <c>i + H / 2</c>.</param>
internal readonly unsafe struct KeyFromValue(float* scale, float* cos, float* sin, int numRotated)
{
    public float* Scale { get; } = scale;

    public float* Cos { get; } = cos;

    public float* Sin { get; } = sin;

    public int NumRotated { get; } = numRotated;
}
