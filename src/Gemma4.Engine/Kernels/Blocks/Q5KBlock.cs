namespace Gemma4.Engine.Kernels.Blocks;

/// <summary>
/// Q5_K: <c>(d · s) · q − dmin · m</c>, s and m of 6 bits for every 32 numbers. Bytes 0–1 hold d, 2–3 dmin, 4–15 scales and minima, 16–47 the fifth bit of every
/// number, 48–175 the lower four.
/// </summary>
/// <remarks>The lower bits lie as in Q4_K; the fifth of number 32·g + l is bit g of byte 16 + l.</remarks>
internal readonly struct Q5_KBlock : IWeightBlock
{
    public static int Length => 256;

    public static int Bytes => 176;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = BlockScale.Read(block, 0), min = BlockScale.Read(block, 2);
        ReadOnlySpan<byte> fifth = block.Slice(16, 32);
        for (int group = 0; group < 8; group++)
        {
            (int s, int t) = KScales.Read(block.Slice(4, 12), group);
            float d = scale * s, m = min * t;
            int shift = group % 2 * 4;
            ReadOnlySpan<byte> q = block.Slice(48 + 32 * (group / 2), 32);
            Span<float> target = values.Slice(32 * group, 32);
            for (int l = 0; l < q.Length; l++)
                target[l] = d * ((q[l] >> shift & 15) | (fifth[l] >> group & 1) << 4) - m;
        }
    }

    public static bool IsFinite(ReadOnlySpan<byte> block) => BlockScale.IsFinite(block, 0) && BlockScale.IsFinite(block, 2);
}
