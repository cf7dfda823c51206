using System.Runtime.Intrinsics;

namespace Gemma4.Engine.Kernels.Panels;

/// <summary>The scales of one stored block, as they are stored.</summary>
internal unsafe struct StoredScales
{
    /// <summary>The block's scale.</summary>
    public Half Scale;

    /// <summary>The block's minimum.</summary>
    public Half Minimum;

    /// <summary>MXFP4's scale, halved: the upper half of a float32.</summary>
    public ushort PowerOfTwo;

    /// <summary>Scales of the block's groups; Q2_K's have the minimum in the upper nibble, Q3_K's and Q6_K's a sign.</summary>
    public fixed byte SubScales[16];

    /// <summary>Minima of the block's groups.</summary>
    public fixed byte SubMinima[8];
}

/// <summary>Takes a stored block apart: codes in the order of columns, one a byte, not negative, and scales.</summary>
/// <remarks>The formats are ggml's; <c>dequantize_row_*</c> in ggml-quants.c says what they mean.</remarks>
internal static unsafe class StoredBlock
{
    /// <summary>Takes one apart.</summary>
    /// <param name="format">Its format.</param>
    /// <param name="block"><c>format.BlockBytes</c> bytes.</param>
    /// <param name="codes">Receives <c>format.BlockLength</c> codes.</param>
    /// <param name="scales">Receives the scales that the format has; the block's scale and minimum are 0 where it has none.</param>
    public static void Read(WeightFormat format, byte* block, byte* codes, StoredScales* scales)
    {
        scales->Scale = scales->Minimum = default;
        switch (format)
        {
            case WeightFormat.Q4_0:
            case WeightFormat.IQ4_NL:
                scales->Scale = *(Half*)block;
                Nibbles16(block + 2, codes);
                break;
            case WeightFormat.Q4_1:
                (scales->Scale, scales->Minimum) = (((Half*)block)[0], ((Half*)block)[1]);
                Nibbles16(block + 4, codes);
                break;
            case WeightFormat.Q5_0:
                scales->Scale = *(Half*)block;
                Nibbles16(block + 6, codes);
                FifthBits(*(uint*)(block + 2), codes);
                break;
            case WeightFormat.Q5_1:
                (scales->Scale, scales->Minimum) = (((Half*)block)[0], ((Half*)block)[1]);
                Nibbles16(block + 8, codes);
                FifthBits(*(uint*)(block + 4), codes);
                break;
            case WeightFormat.Q8_0:
                scales->Scale = *(Half*)block;
                (Vector256.Load(block + 2) ^ Vector256.Create((byte)128)).Store(codes);
                break;
            case WeightFormat.MXFP4:
                scales->PowerOfTwo = (ushort)((block[0] < 2 ? 0x00200000 << block[0] : (block[0] - 1) << 23) >> 16);
                Nibbles16(block + 1, codes);
                break;
            case WeightFormat.Q2_K:
                ReadQ2K(block, codes, scales);
                break;
            case WeightFormat.Q3_K:
                ReadQ3K(block, codes, scales);
                break;
            case WeightFormat.Q4_K:
                ReadQ4K(block, codes, scales);
                break;
            case WeightFormat.Q5_K:
                ReadQ5K(block, codes, scales);
                break;
            case WeightFormat.Q6_K:
                ReadQ6K(block, codes, scales);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(format), format, "Weights of this format have no blocks.");
        }
    }

    /// <summary>Lower nibbles of 16 bytes, then upper ones.</summary>
    private static void Nibbles16(byte* packed, byte* codes)
    {
        Vector128<byte> both = Vector128.Load(packed);
        (both & Vector128.Create((byte)15)).Store(codes);
        (both >> 4).Store(codes + 16);
    }

    private static void FifthBits(uint bits, byte* codes)
    {
        for (int i = 0; i < 32; i++)
            codes[i] |= (byte)((bits >> i & 1) << 4);
    }

    /// <summary>16 bytes of scale and minimum, 64 of bit pairs, scale, minimum.</summary>
    private static void ReadQ2K(byte* block, byte* codes, StoredScales* scales)
    {
        new Span<byte>(block, 16).CopyTo(new Span<byte>(scales->SubScales, 16));
        Pairs128(block + 16, codes);
        (scales->Scale, scales->Minimum) = (((Half*)(block + 80))[0], ((Half*)(block + 80))[1]);
    }

    /// <summary>32 bytes of third bits, 64 of bit pairs, 12 of scales, scale.</summary>
    private static void ReadQ3K(byte* block, byte* codes, StoredScales* scales)
    {
        byte* packed = block + 96;
        for (int i = 0; i < 16; i++)
        {
            int low = i < 8 ? packed[i] & 15 : packed[i - 8] >> 4, high = (packed[8 + i % 4] >> (i / 4 * 2)) & 3;
            scales->SubScales[i] = (byte)((low | high << 4) - 32);
        }
        Pairs128(block + 32, codes);
        Vector256<byte> thirds = Vector256.Load(block);
        for (int i = 0; i < 8; i++)
            (Vector256.Load(codes + 32 * i) | (((thirds >> i) & Vector256<byte>.One) << 2)).Store(codes + 32 * i);
        scales->Scale = *(Half*)(block + 108);
    }

    /// <summary>Scale, minimum, 12 bytes of scales and minima, 128 of nibbles.</summary>
    private static void ReadQ4K(byte* block, byte* codes, StoredScales* scales)
    {
        ReadSubScales(block, scales);
        Nibbles128(block + 16, codes);
    }

    /// <summary>Scale, minimum, 12 bytes of scales and minima, 32 of fifth bits, 128 of nibbles.</summary>
    private static void ReadQ5K(byte* block, byte* codes, StoredScales* scales)
    {
        ReadSubScales(block, scales);
        Nibbles128(block + 48, codes);
        Vector256<byte> fifths = Vector256.Load(block + 16);
        for (int i = 0; i < 8; i++)
            (Vector256.Load(codes + 32 * i) | (((fifths >> i) & Vector256<byte>.One) << 4)).Store(codes + 32 * i);
    }

    /// <summary>128 bytes of nibbles, 64 of upper bit pairs, 16 signed scales, scale.</summary>
    private static void ReadQ6K(byte* block, byte* codes, StoredScales* scales)
    {
        Vector256<byte> nibble = Vector256.Create((byte)15), pair = Vector256.Create((byte)3);
        for (int half = 0; half < 2; half++, codes += 128)
        {
            Vector256<byte> first = Vector256.Load(block + 64 * half), second = Vector256.Load(block + 64 * half + 32), high = Vector256.Load(block + 128 + 32 * half);
            ((first & nibble) | (high & pair) << 4).Store(codes);
            ((second & nibble) | ((high >> 2) & pair) << 4).Store(codes + 32);
            ((first >> 4) | ((high >> 4) & pair) << 4).Store(codes + 64);
            ((second >> 4) | (high >> 6) << 4).Store(codes + 96);
        }
        new Span<byte>(block + 192, 16).CopyTo(new Span<byte>(scales->SubScales, 16));
        scales->Scale = *(Half*)(block + 208);
    }

    /// <summary>Twice 32 bytes, each four times 32 columns: first the lowest pairs.</summary>
    private static void Pairs128(byte* packed, byte* codes)
    {
        for (int i = 0; i < 8; i++)
            ((Vector256.Load(packed + i / 4 * 32) >> (i % 4 * 2)) & Vector256.Create((byte)3)).Store(codes + 32 * i);
    }

    /// <summary>Four times 32 bytes, each twice 32 columns: first the lower nibbles.</summary>
    private static void Nibbles128(byte* packed, byte* codes)
    {
        for (int i = 0; i < 4; i++)
        {
            Vector256<byte> both = Vector256.Load(packed + 32 * i);
            (both & Vector256.Create((byte)15)).Store(codes + 64 * i);
            (both >> 4).Store(codes + 64 * i + 32);
        }
    }

    /// <summary>Eight scales and eight minima of six bits: those of the last four are in the upper bits of the others' and in four bytes of their own.</summary>
    private static void ReadSubScales(byte* block, StoredScales* scales)
    {
        (scales->Scale, scales->Minimum) = (((Half*)block)[0], ((Half*)block)[1]);
        byte* packed = block + 4;
        for (int i = 0; i < 4; i++)
        {
            scales->SubScales[i] = (byte)(packed[i] & 63);
            scales->SubMinima[i] = (byte)(packed[i + 4] & 63);
            scales->SubScales[i + 4] = (byte)((packed[i + 8] & 15) | (packed[i] >> 6 << 4));
            scales->SubMinima[i + 4] = (byte)((packed[i + 8] >> 4) | (packed[i + 4] >> 6 << 4));
        }
    }
}
