namespace Gemma4.Engine.Kernels.Blocks;

/// <summary>IQ4_NL: <c>d · table[q]</c>. d in bytes 0–1, then halves as in Q4_0.</summary>
internal readonly struct IQ4_NLBlock : IWeightBlock
{
    public static int Length => 32;

    public static int Bytes => 18;

    /// <summary>Steps that lie closer around zero (<c>kvalues_iq4nl</c>).</summary>
    public static ReadOnlySpan<sbyte> Table => [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = BlockScale.Read(block, 0);
        ReadOnlySpan<byte> q = block.Slice(2, 16);
        Span<float> low = values[..16], high = values.Slice(16, 16);
        for (int j = 0; j < q.Length; j++)
        {
            low[j] = scale * Table[q[j] & 15];
            high[j] = scale * Table[q[j] >> 4];
        }
    }

    public static bool IsFinite(ReadOnlySpan<byte> block) => BlockScale.IsFinite(block, 0);
}

/// <summary>MXFP4: <c>2^(e − 127) · value[q]</c>, e in byte 0 and values of e2m1 floats; then halves as in Q4_0.</summary>
/// <remarks>OCP Microscaling Formats 1.0. The table holds the values doubled and the scale is halved, as in ggml: so both are exact, at the smallest exponents too.</remarks>
internal readonly struct MXFP4Block : IWeightBlock
{
    /// <summary>With a greater one, twelve half scales are more than a float32 holds; 255 stands for no number.</summary>
    private const int MaxExponent = 252;

    public static int Length => 32;

    public static int Bytes => 17;

    /// <summary>The 16 e2m1 floats, doubled (<c>kvalues_mxfp4</c>).</summary>
    public static ReadOnlySpan<sbyte> Doubled => [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = HalfScale(block[0]);
        ReadOnlySpan<byte> q = block.Slice(1, 16);
        Span<float> low = values[..16], high = values.Slice(16, 16);
        for (int j = 0; j < q.Length; j++)
        {
            low[j] = scale * Doubled[q[j] & 15];
            high[j] = scale * Doubled[q[j] >> 4];
        }
    }

    public static bool IsFinite(ReadOnlySpan<byte> block) => block[0] <= MaxExponent;

    /// <summary><c>2^(e − 128)</c>; the smallest two are subnormal.</summary>
    private static float HalfScale(byte exponent) => BitConverter.UInt32BitsToSingle(exponent < 2 ? 0x00200000u << exponent : (uint)(exponent - 1) << 23);
}
