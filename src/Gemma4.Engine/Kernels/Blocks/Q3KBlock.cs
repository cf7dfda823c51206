namespace Gemma4.Engine.Kernels.Blocks;

/// <summary>
/// Q3_K: <c>(d · (s − 32)) · (q − 4)</c>, s of 6 bits for every 16 numbers. Bytes 0–31 hold the third bit of every number, 32–95 the lower two,
/// 96–107 the scales, 108–109 d.
/// </summary>
/// <remarks>
/// The lower bits lie as in Q2_K; the third of number 128·h + 32·j + l is bit 4·h + j of byte l. Scale i has its lower four bits in byte
/// 96 + i mod 8 (the low half for i &lt; 8) and its upper two in byte 104 + i mod 4, at bit 2·(i / 4).
/// </remarks>
internal readonly struct Q3_KBlock : IWeightBlock
{
    public static int Length => 256;

    public static int Bytes => 110;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = BlockScale.Read(block, 108);
        for (int group = 0; group < 16; group++)
        {
            float d = scale * (GroupScale(block, group) - 32);
            int half = group / 8, shift = group / 2 % 4 * 2, third = 4 * half + group / 2 % 4;
            ReadOnlySpan<byte> q = block.Slice(32 + 32 * half + 16 * (group % 2), 16), bits = block.Slice(16 * (group % 2), 16);
            Span<float> target = values.Slice(16 * group, 16);
            for (int l = 0; l < q.Length; l++)
                target[l] = d * (((q[l] >> shift & 3) | (bits[l] >> third & 1) << 2) - 4);
        }
    }

    public static bool IsFinite(ReadOnlySpan<byte> block) => BlockScale.IsFinite(block, 108);

    private static int GroupScale(ReadOnlySpan<byte> block, int group)
    {
        int low = block[96 + group % 8] >> (group < 8 ? 0 : 4) & 15;
        return low | (block[104 + group % 4] >> 2 * (group / 4) & 3) << 4;
    }
}
