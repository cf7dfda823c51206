namespace Gemma4.Engine.Kernels.Blocks;

/// <summary>
/// Q4_K: <c>(d · s) · q − dmin · m</c>, s and m of 6 bits for every 32 numbers. Bytes 0–1 hold d, 2–3 dmin, 4–15 scales and minima, 16–143 four bits a number.
/// </summary>
/// <remarks>Byte 16 + 32·p + l holds number 64·p + l in its low half and number 64·p + 32 + l in its high half.</remarks>
internal readonly struct Q4_KBlock : IWeightBlock
{
    public static int Length => 256;

    public static int Bytes => 144;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = BlockScale.Read(block, 0), min = BlockScale.Read(block, 2);
        for (int group = 0; group < 8; group++)
        {
            (int s, int t) = KScales.Read(block.Slice(4, 12), group);
            float d = scale * s, m = min * t;
            int shift = group % 2 * 4;
            ReadOnlySpan<byte> q = block.Slice(16 + 32 * (group / 2), 32);
            Span<float> target = values.Slice(32 * group, 32);
            for (int l = 0; l < q.Length; l++)
                target[l] = d * (q[l] >> shift & 15) - m;
        }
    }

    public static bool IsFinite(ReadOnlySpan<byte> block) => BlockScale.IsFinite(block, 0) && BlockScale.IsFinite(block, 2);
}

/// <summary>The eight scales and eight minima, 6 bits each, that Q4_K and Q5_K pack into twelve bytes.</summary>
internal static class KScales
{
    /// <summary>Scale and minimum of a group of 32.</summary>
    /// <param name="packed">Twelve bytes: 0–3 hold scales 0–3 and, above them, the upper two bits of scales 4–7; 4–7 the same of the minima; 8–11 the
    /// lower four bits of scales (low half) and minima (high half) 4–7.</param>
    /// <param name="group">0 to 7.</param>
    public static (int Scale, int Min) Read(ReadOnlySpan<byte> packed, int group) => group < 4
        ? (packed[group] & 63, packed[group + 4] & 63)
        : ((packed[group + 4] & 15) | packed[group - 4] >> 6 << 4, packed[group + 4] >> 4 | packed[group] >> 6 << 4);
}
