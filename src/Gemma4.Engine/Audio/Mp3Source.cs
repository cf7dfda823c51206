using NLayer;

namespace Gemma4.Engine.Audio;

/// <summary>Reads MPEG 1 and 2 audio, layers I to III.</summary>
internal sealed class Mp3Source : SampleSource
{
    private readonly MpegFile _reader;
    private readonly float[] _block = new float[4608];

    /// <summary>Looks for the first frame.</summary>
    /// <exception cref="UnreadableAudioException">There is none.</exception>
    public Mp3Source(Stream file)
    {
        try
        {
            _reader = new MpegFile(file);
        }
        catch (InvalidDataException)
        {
            throw new UnreadableAudioException("without a frame");
        }
    }

    /// <inheritdoc/>
    public override int SampleRate => _reader.SampleRate;

    /// <inheritdoc/>
    public override int Channels => _reader.Channels;

    /// <inheritdoc/>
    public override int Read(Span<float> samples)
    {
        int count = _reader.ReadSamples(_block, 0, Math.Min(samples.Length, _block.Length) / Channels * Channels);
        _block.AsSpan(0, count).CopyTo(samples);
        return count;
    }

    /// <inheritdoc/>
    public override void Dispose() => _reader.Dispose();
}
