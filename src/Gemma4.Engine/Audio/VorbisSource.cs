using NVorbis;

namespace Gemma4.Engine.Audio;

/// <summary>Reads Vorbis in Ogg.</summary>
internal sealed class VorbisSource(Stream file) : SampleSource
{
    private readonly VorbisReader _reader = new(file, closeOnDispose: true);

    /// <inheritdoc/>
    public override string Format => "Ogg Vorbis";

    /// <inheritdoc/>
    public override int SampleRate => _reader.SampleRate;

    /// <inheritdoc/>
    public override int Channels => _reader.Channels;

    /// <inheritdoc/>
    public override int Read(Span<float> samples) => _reader.ReadSamples(samples[..(samples.Length / Channels * Channels)]) * Channels;

    /// <inheritdoc/>
    public override void Dispose() => _reader.Dispose();
}
