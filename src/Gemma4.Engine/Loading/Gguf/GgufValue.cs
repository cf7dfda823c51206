using System.Buffers.Binary;
using System.Globalization;

namespace Gemma4.Engine.Loading.Gguf;

/// <summary>A metadata value: one number, truth or string, or an array of them.</summary>
/// <remarks>An array keeps the file's bytes; strings lie end to end. A vocabulary of 262,144 tokens is two arrays, not as many objects.</remarks>
internal sealed class GgufValue
{
    private readonly byte[] _bytes;
    private readonly int[]? _ends;      // of strings: behind the last byte of each

    private GgufValue(GgufType type, bool isArray, int count, byte[] bytes, int[]? ends)
    {
        (Type, IsArray, Count, _bytes, _ends) = (type, isArray, count, bytes, ends);
    }

    /// <summary>Type of the value or of the array's elements.</summary>
    public GgufType Type { get; }

    /// <summary>True for an array, even of one.</summary>
    public bool IsArray { get; }

    /// <summary>Elements; 1 where the value is no array.</summary>
    public int Count { get; }

    /// <summary>As messages say it.</summary>
    public string Kind => IsArray ? $"an array of {Count} {Type}" : Type.ToString();

    /// <summary>Numbers or truths.</summary>
    /// <param name="type">A type of fixed size.</param>
    /// <param name="isArray">Whether the file has an array.</param>
    /// <param name="bytes">Their bytes, little-endian; owned by the value from here on.</param>
    public static GgufValue OfNumbers(GgufType type, bool isArray, byte[] bytes) => new(type, isArray, bytes.Length / type.FixedBytes!.Value, bytes, null);

    /// <summary>Strings.</summary>
    /// <param name="isArray">Whether the file has an array.</param>
    /// <param name="bytes">Their bytes, end to end; owned by the value from here on.</param>
    /// <param name="ends">Behind the last byte of each.</param>
    public static GgufValue OfStrings(bool isArray, byte[] bytes, int[] ends) => new(GgufType.String, isArray, ends.Length, bytes, ends);

    /// <summary>An element as an integer; null where it is none, or does not fit.</summary>
    public long? Integer(int index)
    {
        ReadOnlySpan<byte> bytes = Element(index);
        return Type switch
        {
            GgufType.UInt8 => bytes[0],
            GgufType.Int8 => (sbyte)bytes[0],
            GgufType.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
            GgufType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(bytes),
            GgufType.UInt32 => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
            GgufType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(bytes),
            GgufType.UInt64 => BinaryPrimitives.ReadUInt64LittleEndian(bytes) is var wide and <= long.MaxValue ? (long)wide : null,
            GgufType.Int64 => BinaryPrimitives.ReadInt64LittleEndian(bytes),
            _ => null,
        };
    }

    /// <summary>An element as a number; null where it is none.</summary>
    /// <remarks>
    /// A float32 becomes the decimal that people wrote: 0.95, not 0.949999988079071. Converters narrow what a <c>config.json</c> says, and the
    /// shortest decimal that gives the same float32 gives it back.
    /// </remarks>
    public double? Number(int index) => Type switch
    {
        GgufType.Float32 => double.Parse(
            BinaryPrimitives.ReadSingleLittleEndian(Element(index)).ToString("R", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture),
        GgufType.Float64 => BinaryPrimitives.ReadDoubleLittleEndian(Element(index)),
        _ => Integer(index),
    };

    /// <summary>An element as a truth; null where it is none.</summary>
    public bool? Truth(int index) => Type == GgufType.Bool ? Element(index)[0] != 0 : null;

    /// <summary>The bytes of a string; null where the element is none. The value owns the memory.</summary>
    public ReadOnlyMemory<byte>? String(int index)
    {
        if (_ends is null)
            return null;
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count);
        int start = index == 0 ? 0 : _ends[index - 1];
        return _bytes.AsMemory(start, _ends[index] - start);
    }

    /// <summary>Writes the value as a file has it, its type before it.</summary>
    public void Write(BinaryWriter file)
    {
        if (IsArray)
        {
            file.Write((uint)GgufType.Array);
            file.Write((uint)Type);
            file.Write((ulong)Count);
        }
        else
        {
            file.Write((uint)Type);
        }
        if (_ends is null)
        {
            file.Write(_bytes);
            return;
        }
        for (int i = 0; i < Count; i++)
        {
            ReadOnlySpan<byte> text = String(i)!.Value.Span;
            file.Write((ulong)text.Length);
            file.Write(text);
        }
    }

    private ReadOnlySpan<byte> Element(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count);
        int size = Type.FixedBytes ?? 0;
        return _bytes.AsSpan(index * size, size);
    }
}
