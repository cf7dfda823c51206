using System.Buffers.Binary;

namespace Gemma4.Engine.Kernels.Blocks;

/// <summary>One float32.</summary>
internal readonly struct Float32Block : IWeightBlock
{
    public static int Length => 1;

    public static int Bytes => 4;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values) => values[0] = BinaryPrimitives.ReadSingleLittleEndian(block);

    public static bool IsFinite(ReadOnlySpan<byte> block) => float.IsFinite(BinaryPrimitives.ReadSingleLittleEndian(block));
}

/// <summary>One float16.</summary>
internal readonly struct Float16Block : IWeightBlock
{
    public static int Length => 1;

    public static int Bytes => 2;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values) => values[0] = BlockScale.Read(block, 0);

    public static bool IsFinite(ReadOnlySpan<byte> block) => BlockScale.IsFinite(block, 0);
}

/// <summary>One bfloat16: the upper half of a float32.</summary>
internal readonly struct BFloat16Block : IWeightBlock
{
    public static int Length => 1;

    public static int Bytes => 2;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values) => values[0] = BFloat16.ToSingle(BinaryPrimitives.ReadUInt16LittleEndian(block));

    public static bool IsFinite(ReadOnlySpan<byte> block) => float.IsFinite(BFloat16.ToSingle(BinaryPrimitives.ReadUInt16LittleEndian(block)));
}
