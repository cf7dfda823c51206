using System.Buffers.Binary;

namespace Gemma4.Engine.Kernels.Blocks;

/// <summary>Q5_0: <c>d · (q − 16)</c>. d in bytes 0–1; bit j of bytes 2–5 is the fifth bit of number j; then four bits each as in Q4_0.</summary>
internal readonly struct Q5_0Block : IWeightBlock
{
    public static int Length => 32;

    public static int Bytes => 22;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = BlockScale.Read(block, 0);
        uint fifth = BinaryPrimitives.ReadUInt32LittleEndian(block[2..]);
        ReadOnlySpan<byte> q = block.Slice(6, 16);
        Span<float> low = values[..16], high = values.Slice(16, 16);
        for (int j = 0; j < q.Length; j++)
        {
            low[j] = scale * (((q[j] & 15) | (int)(fifth >> j & 1) << 4) - 16);
            high[j] = scale * ((q[j] >> 4 | (int)(fifth >> (j + 16) & 1) << 4) - 16);
        }
    }

    public static bool IsFinite(ReadOnlySpan<byte> block) => BlockScale.IsFinite(block, 0);
}

/// <summary>Q5_1: <c>d · q + m</c>. d in bytes 0–1, m in 2–3, fifth bits in 4–7, then four bits each as in Q4_0.</summary>
internal readonly struct Q5_1Block : IWeightBlock
{
    public static int Length => 32;

    public static int Bytes => 24;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = BlockScale.Read(block, 0), min = BlockScale.Read(block, 2);
        uint fifth = BinaryPrimitives.ReadUInt32LittleEndian(block[4..]);
        ReadOnlySpan<byte> q = block.Slice(8, 16);
        Span<float> low = values[..16], high = values.Slice(16, 16);
        for (int j = 0; j < q.Length; j++)
        {
            low[j] = scale * ((q[j] & 15) | (int)(fifth >> j & 1) << 4) + min;
            high[j] = scale * (q[j] >> 4 | (int)(fifth >> (j + 16) & 1) << 4) + min;
        }
    }

    public static bool IsFinite(ReadOnlySpan<byte> block) => BlockScale.IsFinite(block, 0) && BlockScale.IsFinite(block, 2);
}
