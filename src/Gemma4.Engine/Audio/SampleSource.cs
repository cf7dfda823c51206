namespace Gemma4.Engine.Audio;

/// <summary>An audio clip being decoded, block by block.</summary>
/// <remarks>A source of a damaged file throws <see cref="UnreadableAudioException"/>, or whatever its library throws.</remarks>
internal abstract class SampleSource : IDisposable
{
    /// <summary>Samples a second, of each channel.</summary>
    public abstract int SampleRate { get; }

    /// <summary>Channels, interleaved in what is read.</summary>
    public abstract int Channels { get; }

    /// <summary>Decodes more samples.</summary>
    /// <param name="samples">Room for some; a multiple of <see cref="Channels"/>.</param>
    /// <returns>How many were written, a multiple of <see cref="Channels"/>; 0 at the end.</returns>
    public abstract int Read(Span<float> samples);

    /// <inheritdoc/>
    public virtual void Dispose()
    {
    }
}
