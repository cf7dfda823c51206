using System.Buffers;
using System.Runtime.InteropServices;
using Gemma4.Engine.Requests;

namespace Gemma4.Engine.Audio;

/// <summary>Encoded audio clips to samples at 16 kHz, one channel.</summary>
internal static class AudioDecoder
{
    private const int BlockFrames = 2048;
    private const int LowestRate = 1_000;

    /// <summary>Decodes a file, averages its channels and changes its rate.</summary>
    /// <param name="encoded">A WAV, MP3, FLAC or Ogg (Vorbis, Opus) file.</param>
    /// <param name="limits">What is refused.</param>
    /// <param name="maxDuration">The longest audio clip accepted; decoding stops there.</param>
    /// <param name="param">The request field to name in a refusal.</param>
    /// <param name="cancellationToken">Stops between blocks.</param>
    /// <returns>Samples, nominally in -1..1.</returns>
    /// <exception cref="RequestRejectedException">No readable audio, or over a limit.</exception>
    public static ReadOnlyMemory<float> Decode(
        ReadOnlyMemory<byte> encoded, AudioLimits limits, TimeSpan maxDuration, string? param, CancellationToken cancellationToken)
    {
        if (encoded.Length > limits.MaxEncodedBytes)
            throw AudioRejected.FileTooLarge(encoded.Length, limits.MaxEncodedBytes, param);
        if (encoded.IsEmpty)
            throw AudioRejected.Empty(param);
        string format = "";
        try
        {
            (format, Func<SampleSource> open) = Recognise(encoded) ?? throw AudioRejected.UnknownFormat(param);
            using SampleSource source = open();
            if (source.SampleRate < LowestRate || source.SampleRate > limits.MaxSampleRate)
                throw AudioRejected.Unreadable(format, $"of {source.SampleRate} Hz; {LowestRate} to {limits.MaxSampleRate} are accepted", param);
            if (source.Channels < 1 || source.Channels > limits.MaxChannels)
                throw AudioRejected.Unreadable(format, $"of {source.Channels} channels; at most {limits.MaxChannels} are accepted", param);
            return Decode(source, limits, maxDuration, param, cancellationToken);
        }
        // The libraries answer damage with exceptions of every kind: whatever a decoder throws at a file is the file's fault.
        catch (Exception e) when (e is not (RequestRejectedException or OperationCanceledException or OutOfMemoryException))
        {
            throw AudioRejected.Unreadable(format, (e as UnreadableAudioException)?.Message ?? "damaged", param);
        }
    }

    private static ReadOnlyMemory<float> Decode(
        SampleSource source, AudioLimits limits, TimeSpan maxDuration, string? param, CancellationToken cancellationToken)
    {
        var resampler = new SincResampler(source.SampleRate, LogMel.SampleRate);
        var output = new ArrayBufferWriter<float>(LogMel.SampleRate);
        long mostSamples = (long)(maxDuration.TotalSeconds * LogMel.SampleRate);
        int channels = source.Channels;
        var block = new float[BlockFrames * channels];
        var mono = new float[BlockFrames];
        long decoded = 0;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int read = source.Read(block);
            if (read == 0)
                break;
            if ((decoded += read) > limits.MaxDecodedSamples)
                throw AudioRejected.TooManySamples(limits.MaxDecodedSamples, param);
            if (source.Channels != channels)
                throw new UnreadableAudioException("changing its number of channels");
            int frames = read / channels;
            for (int i = 0; i < frames; i++)
            {
                float sum = 0;
                for (int c = 0; c < channels; c++)
                    sum += block[i * channels + c];
                mono[i] = sum / channels;
                if (!float.IsFinite(mono[i]))
                    throw new UnreadableAudioException("damaged (a sample is no number)");
            }
            resampler.Push(mono.AsSpan(0, frames), output);
            if (output.WrittenCount > mostSamples)
                throw AudioRejected.TooLong(maxDuration, param);
        }
        resampler.Finish(output);
        if (output.WrittenCount > mostSamples)
            throw AudioRejected.TooLong(maxDuration, param);
        return output.WrittenMemory;
    }

    /// <summary>Tells the format by the first bytes, whatever its name claims; null when it is none that is read.</summary>
    private static (string Format, Func<SampleSource> Open)? Recognise(ReadOnlyMemory<byte> file)
    {
        ReadOnlyMemory<byte> untagged = SkipId3(file);
        return untagged.Span switch
        {
            [(byte)'R', (byte)'I' or (byte)'F', (byte)'F' or (byte)'6', (byte)'F' or (byte)'4', _, _, _, _, (byte)'W', (byte)'A', (byte)'V', (byte)'E', ..]
                => ("WAV", () => new WavSource(untagged)),
            [(byte)'f', (byte)'L', (byte)'a', (byte)'C', ..] => ("FLAC", () => new FlacSource(untagged)),
            [(byte)'O', (byte)'g', (byte)'g', (byte)'S', ..] => ("Ogg", () => OpenOgg(untagged)),
            // A frame's eleven sync bits and a layer that is one (AAC in ADTS has layer 0).
            [0xFF, >= 0xE0 and var second, ..] when (second & 0x06) != 0 => ("MP3", () => new Mp3Source(AsStream(untagged))),
            _ => null,
        };
    }

    private static SampleSource OpenOgg(ReadOnlyMemory<byte> file)
    {
        if (!new OggPackets(file).TryRead(out byte[] first))
            throw new UnreadableAudioException("without a stream");
        if (first.AsSpan().StartsWith("OpusHead"u8))
            return new OpusSource(file);
        if (first.AsSpan().StartsWith("\u0001vorbis"u8))
            return new VorbisSource(file);
        throw new UnreadableAudioException("neither Vorbis nor Opus");
    }

    /// <summary>Drops an ID3v2 tag: ten bytes of header, the last four of which say the length, seven bits each.</summary>
    private static ReadOnlyMemory<byte> SkipId3(ReadOnlyMemory<byte> file)
    {
        ReadOnlySpan<byte> head = file.Span;
        if (head.Length < 10 || !head.StartsWith("ID3"u8))
            return file;
        long length = 10 + ((head[6] & 0x7F) << 21 | (head[7] & 0x7F) << 14 | (head[8] & 0x7F) << 7 | (head[9] & 0x7F));
        return file[(int)Math.Min(length, file.Length)..];
    }

    private static MemoryStream AsStream(ReadOnlyMemory<byte> file) =>
        MemoryMarshal.TryGetArray(file, out ArraySegment<byte> array)
            ? new MemoryStream(array.Array!, array.Offset, array.Count, writable: false)
            : new MemoryStream(file.ToArray(), writable: false);
}
