using System.Buffers.Binary;
using System.Text;
using Gemma4.Engine.Configuration;

namespace Gemma4.Engine.Loading.Gguf;

/// <summary>Reads a header from its beginning. No array is made before the file is known to hold the bytes for it.</summary>
/// <param name="file">Named in errors.</param>
/// <param name="stream">The file, at its beginning.</param>
internal sealed class GgufCursor(string file, Stream stream)
{
    /// <summary>Bytes of a header: the released ones have 16 MB, nearly all of it the vocabulary.</summary>
    private const long MaxHeaderBytes = 256 << 20;

    private readonly byte[] _scratch = new byte[sizeof(ulong)];
    private readonly UTF8Encoding _strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Bytes of the file.</summary>
    public long Length { get; } = stream.Length;

    /// <summary>Bytes read so far.</summary>
    public long Position { get; private set; }

    /// <summary>Where in the file we are, for errors: a key or a tensor.</summary>
    public string Place { get; set; } = "its beginning";

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Scratch(sizeof(uint)));

    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Scratch(sizeof(ulong)));

    /// <summary>A count of what takes at least so many bytes each, so that the file can hold them.</summary>
    public int Count(int minBytes, int max, string what)
    {
        ulong count = UInt64();
        if (count > (ulong)max)
            throw Refuse($"found {count} {what}; at most {max} are read");
        Require((long)count * minBytes);
        return (int)count;
    }

    /// <summary>The next bytes, in an array of their own.</summary>
    public byte[] Bytes(long count)
    {
        Require(count);
        var bytes = new byte[count];
        Fill(bytes);
        return bytes;
    }

    /// <summary>The bytes of a string of at most so many.</summary>
    public byte[] String(int max) => Bytes(StringLength(max));

    /// <summary>The bytes of a string, written behind what is there.</summary>
    public int AppendString(MemoryStream target, int max)
    {
        int length = StringLength(max);
        int start = (int)target.Length;
        target.SetLength(start + length);
        Fill(target.GetBuffer().AsSpan(start, length));
        return start + length;
    }

    /// <summary>A name: Unicode text of at most so many bytes.</summary>
    public string Name(int max)
    {
        try
        {
            return _strict.GetString(String(max));
        }
        catch (DecoderFallbackException e)
        {
            throw new CheckpointException(file, $"{Place}: a name is not UTF-8", e);
        }
    }

    public CheckpointException Refuse(string problem) => new(file, $"{Place}: {problem}");

    private int StringLength(int max)
    {
        ulong length = UInt64();
        if (length > (ulong)max)
            throw Refuse($"found a string of {length} bytes; at most {max} are read");
        Require((long)length);
        return (int)length;
    }

    private ReadOnlySpan<byte> Scratch(int count)
    {
        Require(count);
        Fill(_scratch.AsSpan(0, count));
        return _scratch;
    }

    private void Require(long count)
    {
        if (count > Length - Position)
            throw Refuse($"the file is cut off: {count} bytes more are needed, and {Length - Position} of {Length} are left");
        if (count > MaxHeaderBytes - Position)
            throw Refuse($"the header has more than {MaxHeaderBytes} bytes");
    }

    private void Fill(Span<byte> target)
    {
        stream.ReadExactly(target);
        Position += target.Length;
    }
}
