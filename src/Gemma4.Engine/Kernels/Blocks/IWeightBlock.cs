using System.Buffers.Binary;

namespace Gemma4.Engine.Kernels.Blocks;

/// <summary>A block of stored numbers: how long it is, and what its bytes mean.</summary>
/// <remarks>
/// <see cref="Decode"/> is the definition of its format, rounding included: every product and every sum rounds to float32 by itself, in the order
/// in which ggml's <c>dequantize_row_…</c> (ggml-quants.c) and the Python package gguf compute them, so that the bits are theirs but for the sign of zero.
/// </remarks>
internal interface IWeightBlock
{
    /// <summary>Numbers of a block.</summary>
    static abstract int Length { get; }

    /// <summary>Bytes of a block.</summary>
    static abstract int Bytes { get; }

    /// <summary>Writes the numbers of one block.</summary>
    /// <param name="block">Its bytes.</param>
    /// <param name="values">As many as a block has.</param>
    static abstract void Decode(ReadOnlySpan<byte> block, Span<float> values);

    /// <summary>Whether all numbers of a block are finite, which its scales tell.</summary>
    static abstract bool IsFinite(ReadOnlySpan<byte> block);
}

/// <summary>The scales of blocks.</summary>
internal static class BlockScale
{
    private const int Float16Exponent = 0x7C00;

    /// <summary>A float16, widened exactly.</summary>
    public static float Read(ReadOnlySpan<byte> block, int offset) => (float)BinaryPrimitives.ReadHalfLittleEndian(block[offset..]);

    /// <summary>Whether a float16 is a finite number.</summary>
    public static bool IsFinite(ReadOnlySpan<byte> block, int offset) =>
        (BinaryPrimitives.ReadUInt16LittleEndian(block[offset..]) & Float16Exponent) != Float16Exponent;
}
