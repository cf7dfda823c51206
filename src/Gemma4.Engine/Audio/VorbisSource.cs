using NVorbis;

namespace Gemma4.Engine.Audio;

/// <summary>Reads Vorbis in Ogg. The library decodes packets; <see cref="OggPackets"/> cuts them, checksums verified, and the end is
/// trimmed here, because a wrong position in the last page makes the library loop forever.</summary>
internal sealed class VorbisSource : SampleSource
{
    private readonly OggPackets _packets;
    private readonly StreamDecoder _decoder;
    private long _position;

    /// <summary>Reads the headers.</summary>
    /// <exception cref="UnreadableAudioException">No valid Vorbis.</exception>
    public VorbisSource(ReadOnlyMemory<byte> file)
    {
        _packets = new OggPackets(file);
        _decoder = new StreamDecoder(new VorbisPackets(_packets));
    }

    /// <inheritdoc/>
    public override int SampleRate => _decoder.SampleRate;

    /// <inheritdoc/>
    public override int Channels => _decoder.Channels;

    /// <inheritdoc/>
    public override int Read(Span<float> samples)
    {
        int count = _decoder.Read(samples, 0, samples.Length / Channels * Channels);
        // The last page says where the audio ends: somewhere inside its last packet.
        if (_packets.Ended && _packets.LastGranule >= 0)
            count = (int)Math.Min(count, Math.Max(0, _packets.LastGranule - _position) * Channels);
        _position += count / Channels;
        return count;
    }

    /// <inheritdoc/>
    public override void Dispose() => _decoder.Dispose();
}
