namespace Gemma4.Engine.Kernels.Blocks;

/// <summary>Q4_0: <c>d · (q − 8)</c>. d in bytes 0–1; byte 2 + j holds q of number j in its low half, of number j + 16 in its high half.</summary>
internal readonly struct Q4_0Block : IWeightBlock
{
    public static int Length => 32;

    public static int Bytes => 18;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = BlockScale.Read(block, 0);
        ReadOnlySpan<byte> q = block.Slice(2, 16);
        Span<float> low = values[..16], high = values.Slice(16, 16);
        for (int j = 0; j < q.Length; j++)
        {
            low[j] = scale * ((q[j] & 15) - 8);
            high[j] = scale * ((q[j] >> 4) - 8);
        }
    }

    public static bool IsFinite(ReadOnlySpan<byte> block) => BlockScale.IsFinite(block, 0);
}

/// <summary>Q4_1: <c>d · q + m</c>. d in bytes 0–1, m in 2–3, then halves as in Q4_0.</summary>
internal readonly struct Q4_1Block : IWeightBlock
{
    public static int Length => 32;

    public static int Bytes => 20;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = BlockScale.Read(block, 0), min = BlockScale.Read(block, 2);
        ReadOnlySpan<byte> q = block.Slice(4, 16);
        Span<float> low = values[..16], high = values.Slice(16, 16);
        for (int j = 0; j < q.Length; j++)
        {
            low[j] = scale * (q[j] & 15) + min;
            high[j] = scale * (q[j] >> 4) + min;
        }
    }

    public static bool IsFinite(ReadOnlySpan<byte> block) => BlockScale.IsFinite(block, 0) && BlockScale.IsFinite(block, 2);
}
