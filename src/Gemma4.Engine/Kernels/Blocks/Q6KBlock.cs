namespace Gemma4.Engine.Kernels.Blocks;

/// <summary>
/// Q6_K: <c>(d · s) · (q − 32)</c>, s a signed byte for every 16 numbers. Bytes 0–127 hold the lower four bits, 128–191 the upper two, 192–207 the scales, 208–209 d.
/// </summary>
/// <remarks>
/// Number 128·h + 32·j + l has its lower bits in byte 64·h + 32·(j mod 2) + l, in the low half for j &lt; 2; its upper ones in byte 128 + 32·h + l, at bit 2·j.
/// </remarks>
internal readonly struct Q6_KBlock : IWeightBlock
{
    public static int Length => 256;

    public static int Bytes => 210;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = BlockScale.Read(block, 208);
        for (int group = 0; group < 16; group++)
        {
            float d = scale * (sbyte)block[192 + group];
            int half = group / 8, j = group / 2 % 4, within = 16 * (group % 2);
            int lowShift = j / 2 * 4, highShift = 2 * j;
            ReadOnlySpan<byte> low = block.Slice(64 * half + 32 * (j % 2) + within, 16), high = block.Slice(128 + 32 * half + within, 16);
            Span<float> target = values.Slice(16 * group, 16);
            for (int l = 0; l < low.Length; l++)
                target[l] = d * (((low[l] >> lowShift & 15) | (high[l] >> highShift & 3) << 4) - 32);
        }
    }

    public static bool IsFinite(ReadOnlySpan<byte> block) => BlockScale.IsFinite(block, 208);
}
