namespace Gemma4.Engine.Kernels.Blocks;

/// <summary>Q8_0: <c>d · q</c>. d in bytes 0–1, then a signed byte a number.</summary>
internal readonly struct Q8_0Block : IWeightBlock
{
    public static int Length => 32;

    public static int Bytes => 34;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = BlockScale.Read(block, 0);
        ReadOnlySpan<byte> q = block.Slice(2, 32);
        for (int j = 0; j < q.Length; j++)
            values[j] = scale * (sbyte)q[j];
    }

    public static bool IsFinite(ReadOnlySpan<byte> block) => BlockScale.IsFinite(block, 0);
}
