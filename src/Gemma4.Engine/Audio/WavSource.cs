using System.Buffers.Binary;

namespace Gemma4.Engine.Audio;

/// <summary>Reads WAV files: integers of 8, 16, 24 and 32 bits, floats of 32 and 64, A-law, µ-law, plain or extensible; also RF64.</summary>
internal sealed class WavSource : SampleSource
{
    private const int Pcm = 1, Float = 3, ALaw = 6, MuLaw = 7, Extensible = 0xFFFE;

    private readonly ReadOnlyMemory<byte> _data;
    private readonly int _bytesPerSample;
    private readonly Func<ReadOnlyMemory<byte>, int, float> _sample;
    private int _position;

    /// <summary>Reads the header.</summary>
    /// <exception cref="UnreadableAudioException">No valid WAV, or an encoding that is not read.</exception>
    public WavSource(ReadOnlyMemory<byte> file)
    {
        ReadOnlySpan<byte> format = default;
        ReadOnlyMemory<byte>? data = null;
        for (long at = 12; at + 8 <= file.Length && data is null;)
        {
            ReadOnlySpan<byte> head = file.Span.Slice((int)at, 8);
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(head[4..]);
            long left = file.Length - at - 8;
            if (head.StartsWith("data"u8))
                data = file.Slice((int)at + 8, (int)DataLength(length, left));
            else if (length > left)
                break;
            else if (head.StartsWith("fmt "u8))
                format = file.Span.Slice((int)at + 8, (int)length);
            at += 8 + (long)length + (length & 1);
        }
        if (format.Length < 16)
            throw new UnreadableAudioException("without a format chunk before its samples");
        _data = data ?? throw new UnreadableAudioException("without samples");
        int encoding = BinaryPrimitives.ReadUInt16LittleEndian(format);
        if (encoding == Extensible && format.Length >= 26)
            encoding = BinaryPrimitives.ReadUInt16LittleEndian(format[24..]);
        Channels = BinaryPrimitives.ReadUInt16LittleEndian(format[2..]);
        SampleRate = (int)Math.Min(BinaryPrimitives.ReadUInt32LittleEndian(format[4..]), int.MaxValue);
        int bits = BinaryPrimitives.ReadUInt16LittleEndian(format[14..]);
        _bytesPerSample = (bits + 7) / 8;
        if (Channels == 0 || BinaryPrimitives.ReadUInt16LittleEndian(format[12..]) != Channels * _bytesPerSample)
            throw new UnreadableAudioException("contradicting itself about the size of a sample");
        _sample = (encoding, _bytesPerSample) switch
        {
            (Pcm, 1) => static (d, i) => (d.Span[i] - 128) / 128f,
            (Pcm, 2) => static (d, i) => BinaryPrimitives.ReadInt16LittleEndian(d.Span[i..]) / 32768f,
            (Pcm, 3) => static (d, i) => (BinaryPrimitives.ReadUInt16LittleEndian(d.Span[i..]) | ((sbyte)d.Span[i + 2] << 16)) / 8388608f,
            (Pcm, 4) => static (d, i) => BinaryPrimitives.ReadInt32LittleEndian(d.Span[i..]) / 2147483648f,
            (Float, 4) => static (d, i) => BinaryPrimitives.ReadSingleLittleEndian(d.Span[i..]),
            (Float, 8) => static (d, i) => (float)BinaryPrimitives.ReadDoubleLittleEndian(d.Span[i..]),
            (ALaw, 1) => static (d, i) => Companding.ALaw(d.Span[i]),
            (MuLaw, 1) => static (d, i) => Companding.MuLaw(d.Span[i]),
            _ => throw new UnreadableAudioException($"of an encoding that is not read (number {encoding}, {bits} bits)"),
        };
    }

    /// <inheritdoc/>
    public override int SampleRate { get; }

    /// <inheritdoc/>
    public override int Channels { get; }

    /// <inheritdoc/>
    public override int Read(Span<float> samples)
    {
        int count = Math.Min(samples.Length, (_data.Length - _position) / _bytesPerSample);
        count -= count % Channels;
        for (int i = 0; i < count; i++, _position += _bytesPerSample)
            samples[i] = _sample(_data, _position);
        return count;
    }

    /// <summary>Writers that stream leave a placeholder for the length, which then reaches to the end; any other length must be there.</summary>
    private static long DataLength(uint stated, long left) => stated switch
    {
        0 or uint.MaxValue or 0x7FFFFFFF or 0x80000000 => left,
        _ when stated > left => throw new UnreadableAudioException("truncated"),
        _ => stated,
    };
}
