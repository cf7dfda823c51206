using System.Buffers.Binary;
using Concentus;

namespace Gemma4.Engine.Audio;

/// <summary>Reads Opus in Ogg (RFC 7845), mono, stereo and surround; always 48 kHz.</summary>
internal sealed class OpusSource : SampleSource
{
    private const int LongestFrame = 5760; // 120 ms
    private const int Silent = 255; // a loudspeaker that no stream feeds

    private readonly OggPackets _packets;
    private readonly IOpusMultiStreamDecoder _decoder;
    private readonly int _preSkip;
    private readonly float[] _frame;
    private long _position; // samples decoded, the skipped ones included
    private int _given;
    private int _held;

    /// <summary>Reads the headers.</summary>
    /// <exception cref="UnreadableAudioException">No valid Opus, or channels without a meaning.</exception>
    public OpusSource(ReadOnlyMemory<byte> file)
    {
        _packets = new OggPackets(file);
        if (!_packets.TryRead(out byte[] head) || head.Length < 19 || !head.AsSpan().StartsWith("OpusHead"u8))
            throw new UnreadableAudioException("without an Opus header");
        Channels = head[9];
        (int streams, int coupled, byte[] mapping) = Layout(head);
        _preSkip = BinaryPrimitives.ReadUInt16LittleEndian(head.AsSpan(10));
        if (!_packets.TryRead(out _)) // tags
            throw new UnreadableAudioException("without samples");
        OpusCodecFactory.AttemptToUseNativeLibrary = false; // the same decoder on every machine, and a memory-safe one
        _decoder = OpusCodecFactory.CreateMultiStreamDecoder(SampleRate, Channels, streams, coupled, mapping);
        _decoder.Gain = BinaryPrimitives.ReadInt16LittleEndian(head.AsSpan(16));
        _frame = new float[LongestFrame * Channels];
    }

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
            int decoded = _decoder.DecodeMultistream(packet, _frame, LongestFrame, false);
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

    /// <summary>Section 5.1.1: family 0 is mono or stereo in one stream; family 1 says which stream holds which of up to eight loudspeakers.</summary>
    private static (int Streams, int Coupled, byte[] Mapping) Layout(ReadOnlySpan<byte> head)
    {
        int channels = head[9], family = head[18];
        if (family == 0 && channels is (1 or 2))
            return (1, channels - 1, [.. Enumerable.Range(0, channels).Select(c => (byte)c)]);
        if (family != 1 || channels is 0 or > 8 || head.Length < 21 + channels)
            throw new UnreadableAudioException("of a channel layout that is not read");
        int streams = head[19], coupled = head[20];
        ReadOnlySpan<byte> mapping = head.Slice(21, channels);
        bool isAudio = streams > 0 && coupled <= streams && streams + coupled <= channels;
        foreach (byte from in mapping)
            isAudio &= from < streams + coupled || from == Silent;
        return isAudio ? (streams, coupled, mapping.ToArray()) : throw new UnreadableAudioException("damaged (channel layout)");
    }
}
