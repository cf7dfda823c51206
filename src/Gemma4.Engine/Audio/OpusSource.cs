using System.Buffers.Binary;
using Concentus;

namespace Gemma4.Engine.Audio;

/// <summary>Reads Opus in Ogg (RFC 7845), mono and stereo; always 48 kHz.</summary>
internal sealed class OpusSource : SampleSource
{
    private const int LongestFrame = 5760; // 120 ms

    private readonly OggPackets _packets;
    private readonly IOpusDecoder _decoder;
    private readonly int _preSkip;
    private readonly float[] _frame;
    private long _position; // samples decoded, the skipped ones included
    private int _given;
    private int _held;

    /// <summary>Reads the headers.</summary>
    /// <exception cref="InvalidDataException">No valid Opus, or more than two channels.</exception>
    public OpusSource(ReadOnlyMemory<byte> file)
    {
        _packets = new OggPackets(file);
        if (!_packets.TryRead(out byte[] head) || head.Length < 19 || !head.AsSpan().StartsWith("OpusHead"u8))
            throw new InvalidDataException("without an Opus header");
        Channels = head[9];
        if (head[18] != 0 || Channels is not (1 or 2))
            throw new InvalidDataException("of more than two channels, which are not read");
        _preSkip = BinaryPrimitives.ReadUInt16LittleEndian(head.AsSpan(10));
        if (!_packets.TryRead(out _)) // tags
            throw new InvalidDataException("without samples");
        OpusCodecFactory.AttemptToUseNativeLibrary = false; // the same decoder on every machine, and a memory-safe one
        _decoder = OpusCodecFactory.CreateDecoder(SampleRate, Channels);
        _frame = new float[LongestFrame * Channels];
    }

    /// <inheritdoc/>
    public override string Format => "Opus";

    /// <inheritdoc/>
    public override int SampleRate => 48_000;

    /// <inheritdoc/>
    public override int Channels { get; }

    /// <inheritdoc/>
    public override int Read(Span<float> samples)
    {
        while (_given == _held)
        {
            if (!_packets.TryRead(out byte[] packet))
                return 0;
            int decoded = _decoder.Decode(packet, _frame, LongestFrame, false);
            // The first samples only warm the decoder up, and the last page says how many of its last packet's are real.
            long end = _position + decoded;
            long from = Math.Clamp(_preSkip - _position, 0, decoded);
            long to = _packets.Ended && _packets.LastGranule >= _position ? Math.Min(end, _packets.LastGranule) - _position : decoded;
            _position = end;
            _given = (int)from * Channels;
            _held = (int)Math.Max(from, to) * Channels;
        }
        int count = Math.Min(samples.Length / Channels * Channels, _held - _given);
        _frame.AsSpan(_given, count).CopyTo(samples);
        _given += count;
        return count;
    }
}
