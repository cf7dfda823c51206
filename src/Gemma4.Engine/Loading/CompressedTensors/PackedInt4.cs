using System.Buffers.Binary;
using Gemma4.Engine.Kernels;
using Gemma4.Engine.Kernels.Blocks;

namespace Gemma4.Engine.Loading.CompressedTensors;

/// <summary>Matrices of 4 bits as compressed-tensors packs them, to blocks of <see cref="WeightFormat.Q4_0"/>.</summary>
/// <remarks>
/// A level is stored plus 8, eight levels an int32, the lowest bits first; a scale in bfloat16 holds for a group of a row. Q4_0 has the same levels in another
/// order and a float16 scale: the same number, where it is at least 2⁻¹⁷. A smaller scale is rounded, by 2⁻²⁵ at most, and so a weight by a quarter of a millionth.
/// </remarks>
internal static class PackedInt4
{
    /// <summary>Levels of one block.</summary>
    public const int BlockLength = 32;

    private const int PackedBlockBytes = BlockLength / 2;

    /// <summary>Repacks a row.</summary>
    /// <param name="levels">The row's levels, half a byte each.</param>
    /// <param name="scales">The row's scales, bfloat16.</param>
    /// <param name="blocksPerScale">Blocks that share a scale.</param>
    /// <param name="blocks">Receives 18 bytes for every 32 levels.</param>
    public static void Repack(ReadOnlySpan<byte> levels, ReadOnlySpan<byte> scales, int blocksPerScale, Span<byte> blocks)
    {
        int count = levels.Length / PackedBlockBytes;
        for (int i = 0; i < count; i++)
        {
            float scale = BFloat16.ToSingle(BinaryPrimitives.ReadUInt16LittleEndian(scales[(i / blocksPerScale * sizeof(ushort))..]));
            ReadOnlySpan<byte> from = levels.Slice(i * PackedBlockBytes, PackedBlockBytes);
            Span<byte> to = blocks.Slice(i * Q4_0Block.Bytes, Q4_0Block.Bytes);
            BinaryPrimitives.WriteHalfLittleEndian(to, (Half)scale);
            for (int j = 0; j < PackedBlockBytes; j++)
                to[2 + j] = (byte)(Level(from, j) | Level(from, j + PackedBlockBytes) << 4);
        }
    }

    private static int Level(ReadOnlySpan<byte> levels, int index) => levels[index / 2] >> 4 * (index % 2) & 15;
}
