using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Gemma4.Engine.Requests;

namespace Gemma4.Engine.Audio;

/// <summary>Turns an encoded audio into the log-mel frames Gemma 4's audio tower reads. Stateless; runs on the request's own task.</summary>
public static class AudioPreprocessor
{
    /// <summary>The longest audio clip the model hears in one piece.</summary>
    public static TimeSpan MaxWindow { get; } = TimeSpan.FromSeconds((double)LogMel.MaxSamples / LogMel.SampleRate);

    /// <summary>Decodes an audio clip and computes its frames.</summary>
    /// <param name="encoded">A WAV, MP3, FLAC or Ogg (Vorbis, Opus) file of any rate and channel count.</param>
    /// <param name="limits">What is refused.</param>
    /// <param name="allowWindows">Whether an audio clip of more than 30 s is cut into windows, and not refused.</param>
    /// <param name="param">The request field to name in a refusal.</param>
    /// <param name="cancellationToken">Stops between blocks of samples.</param>
    /// <returns>One window, or several in order that cover the audio.</returns>
    /// <exception cref="RequestRejectedException">No readable audio, or over a limit.</exception>
    public static ImmutableArray<AudioWindow> Prepare(
        ReadOnlyMemory<byte> encoded, AudioLimits limits, bool allowWindows = false, string? param = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(limits);
        TimeSpan longest = allowWindows && limits.MaxDuration > MaxWindow ? limits.MaxDuration : MaxWindow;
        ReadOnlyMemory<float> samples = AudioDecoder.Decode(encoded, limits, longest, param, cancellationToken);
        if (LogMel.NumSoftTokens(samples.Length) == 0)
            throw AudioRejected.TooShort(param);
        var windows = ImmutableArray.CreateBuilder<AudioWindow>();
        foreach ((int start, int length) in AudioWindows.Cut(samples.Span))
        {
            cancellationToken.ThrowIfCancellationRequested();
            ReadOnlySpan<float> window = samples.Span.Slice(start, length);
            windows.Add(new AudioWindow(Time(start), Time(length), LogMel.NumSoftTokens(length), Hash(window), LogMel.Compute(window)));
        }
        return windows.DrainToImmutable();
    }

    private static TimeSpan Time(int samples) => TimeSpan.FromSeconds((double)samples / LogMel.SampleRate);

    /// <summary>The first half of SHA-256, so that no one can craft an audio clip that stands for another.</summary>
    private static UInt128 Hash(ReadOnlySpan<float> samples)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData("audio"u8);
        hash.AppendData(MemoryMarshal.AsBytes(samples));
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(digest);
        return BinaryPrimitives.ReadUInt128LittleEndian(digest);
    }
}
