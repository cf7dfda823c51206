using System.Buffers.Binary;
using System.Numerics.Tensors;

namespace Gemma4.Engine.Kernels.Blocks;

/// <summary>Float32 to <see cref="WeightFormat.Q8_0"/>: 32 numbers share a scale of a 127th of the largest.</summary>
/// <remarks>The bytes of ggml's <c>quantize_row_q8_0_ref</c> and of the Python package gguf: halves are rounded away from zero, by the scale before it is rounded to float16.</remarks>
internal static class Q8Encoder
{
    private const int MaxLevel = 127;

    /// <summary>Encodes whole blocks.</summary>
    /// <param name="values">Finite numbers, a multiple of 32.</param>
    /// <param name="blocks">34 bytes for every 32 numbers.</param>
    public static void Encode(ReadOnlySpan<float> values, Span<byte> blocks)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length % Q8_0Block.Length, 0, nameof(values));
        for (; values.Length > 0; values = values[Q8_0Block.Length..], blocks = blocks[Q8_0Block.Bytes..])
            EncodeBlock(values[..Q8_0Block.Length], blocks[..Q8_0Block.Bytes]);
    }

    private static void EncodeBlock(ReadOnlySpan<float> values, Span<byte> block)
    {
        float scale = MathF.Abs(TensorPrimitives.MaxMagnitude(values)) / MaxLevel;
        float inverse = scale == 0 ? 0 : 1 / scale;
        BinaryPrimitives.WriteHalfLittleEndian(block, (Half)scale);
        for (int j = 0; j < values.Length; j++)
            block[2 + j] = (byte)(sbyte)MathF.Round(values[j] * inverse, MidpointRounding.AwayFromZero);
    }
}
