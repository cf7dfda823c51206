namespace Gemma4.Engine.Kernels.Blocks;

/// <summary>
/// Q2_K: <c>(d · s) · q − dmin · m</c>, s and m the low and high half of a byte for every 16 numbers. Bytes 0–15 hold those, 16–79 two bits a number,
/// 80–81 d, 82–83 dmin.
/// </summary>
/// <remarks>Byte 16 + 32·h + l holds, from its lowest bits on, numbers l, l + 32, l + 64, l + 96 of half h.</remarks>
internal readonly struct Q2_KBlock : IWeightBlock
{
    public static int Length => 256;

    public static int Bytes => 84;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = BlockScale.Read(block, 80), min = BlockScale.Read(block, 82);
        for (int group = 0; group < 16; group++)
        {
            float d = scale * (block[group] & 15), m = min * (block[group] >> 4);
            int half = group / 8, shift = group / 2 % 4 * 2;
            ReadOnlySpan<byte> q = block.Slice(16 + 32 * half + 16 * (group % 2), 16);
            Span<float> target = values.Slice(16 * group, 16);
            for (int l = 0; l < q.Length; l++)
                target[l] = d * (q[l] >> shift & 3) - m;
        }
    }

    public static bool IsFinite(ReadOnlySpan<byte> block) => BlockScale.IsFinite(block, 80) && BlockScale.IsFinite(block, 82);
}
