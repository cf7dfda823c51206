using System.Diagnostics;
using Gemma4.Engine.Audio;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Tests.Audio;
using Gemma4.Engine.Tests.Vision;
using Gemma4.Engine.Vision;
using SkiaSharp;
using Xunit;

namespace Gemma4.Engine.Tests;

/// <summary>Small files that ask for much: each is read or refused within the memory its limits promise, native memory measured too.</summary>
[Collection("alone")]
public sealed class MediaBombTests
{
    private const string Part = "messages[0].content[0]";
    private const int Side = 4_000;

    /// <summary>Of a loaded machine of two cores; alone each takes a tenth.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    /// <summary>What the resized image, its bands and the noise of the process come to.</summary>
    private const int Overhead = 80;

    /// <summary>Name, bytes a pixel that decoding may hold, and the code of the refusal; none for an image that is read.</summary>
    public static TheoryData<string, int, string?> Images() => new()
    {
        { "png", 4, null }, // decoded twice as large as a scanline: a band at a time
        { "png of 16 bits and alpha, interlaced", 12, null },
        { "png with a profile of 300 MB", 0, null },
        { "png with a text of 300 MB", 0, null },
        { "png with an international text of 300 MB", 0, null },
        { "png of half a million chunks", 0, null },
        { "jpeg of 64 empty scans", 6, null },
        { "jpeg of 65 scans", 0, "image_parse_error" },
        { "jpeg of arithmetic scans", 6, null },
        { "gif of a dot on a large canvas", 4, null },
        { "gif on a canvas of 65535", 0, "image_too_large" },
        { "gif frame larger than its canvas", 0, "image_too_large" },
        { "gif of half a million frames", 0, null },
        { "webp of one colour", 4, null },
        { "webp on a canvas of 16 million", 0, "image_parse_error" },
        { "bmp without its pixels", 4, "image_parse_error" },
        { "bmp of jumps", 4, null },
    };

    [Theory]
    [MemberData(nameof(Images))]
    public void Image_is_read_or_refused_in_bounded_time_and_memory(string name, int bytesPerPixel, string? code)
    {
        byte[] file = Image(name);
        AssertBounded(bytesPerPixel * Side * Side / 1_000_000 + Overhead, code, () => ImagePreprocessor.Prepare(file, 70, ImageLimits.Default, Part));
    }

    /// <summary>Name and the code of the refusal, without windows and with.</summary>
    public static TheoryData<string, string?, string?> Audios() => new()
    {
        { "flac of a day of silence", "audio_too_long", "audio_too_long" },
        { "flac of an hour in eight channels at 384 kHz", "audio_too_long", "audio_too_long" },
        { "wav that claims 4 GB", "audio_parse_error", "audio_parse_error" },
        { "mp3 of one frame and zeros", "audio_parse_error", "audio_parse_error" },
        { "mp3 of nothing but ones", "audio_parse_error", "audio_parse_error" },
        { "mp3 of noise", "audio_parse_error", "audio_parse_error" },
        { "opus of empty packets", "audio_too_long", "audio_too_long" },
        { "vorbis of empty packets", "audio_parse_error", "audio_parse_error" },
        { "ogg of another stream's pages", "audio_parse_error", "audio_parse_error" },
        { "ogg of one endless packet", "audio_parse_error", "audio_parse_error" },
    };

    [Theory]
    [MemberData(nameof(Audios))]
    public void Audio_is_read_or_refused_in_bounded_time_and_memory(string name, string? code, string? codeInWindows)
    {
        byte[] file = Audio(name);
        // 30 s: 2 MB of samples, and a growing buffer of them; half an hour: 115 MB, twice at most.
        AssertBounded(40, code, () => AudioPreprocessor.Prepare(file, AudioLimits.Default, allowWindows: false, Part));
        AssertBounded(300, codeInWindows, () => AudioPreprocessor.Prepare(file, AudioLimits.Default, allowWindows: true, Part));
    }

    private static void AssertBounded(int megabytes, string? code, Action read)
    {
        RequestRejectedException? refused = null;
        var clock = Stopwatch.StartNew();
        long? peak = PeakMemory.Of(() =>
        {
            try
            {
                read();
            }
            catch (RequestRejectedException e)
            {
                refused = e;
            }
        });
        Assert.Equal((code, code is null ? null : Part), (refused?.Code, refused?.Param));
        Assert.True(clock.Elapsed < Longest, $"took {clock.Elapsed}");
        Assert.True(peak is null || peak <= megabytes, $"held {peak} MB, not {megabytes}");
    }

    private static byte[] Image(string name)
    {
        byte[] dot = TestImages.DeflatedZeros(16 * (1 + 16 * 3));
        byte[] Chunked(string type, params byte[] head) =>
            TestImages.PngOfStream(16, 16, 8, 2, false, dot, (type, [.. head, .. TestImages.DeflatedZeros(300_000_000)]));
        switch (name)
        {
            case "png":
                return TestImages.PngOfStream(Side, Side, 8, 2, false, TestImages.DeflatedZeros(Side * (1L + Side * 3)));
            case "png of 16 bits and alpha, interlaced":
                return TestImages.PngOfStream(Side, Side, 16, 6, true, TestImages.DeflatedZeros(Side * (2L + Side * 8)));
            case "png with a profile of 300 MB":
                return Chunked("iCCP", (byte)'x', 0, 0);
            case "png with a text of 300 MB":
                return Chunked("zTXt", (byte)'x', 0, 0);
            case "png with an international text of 300 MB":
                return Chunked("iTXt", (byte)'x', 0, 1, 0, 0, 0);
            case "png of half a million chunks":
                return TestImages.PngOfStream(16, 16, 8, 2, false, dot, [.. Enumerable.Repeat<(string, byte[])>(("tEXt", [(byte)'x', 0]), 500_000)]);
            case "jpeg of 64 empty scans":
                return TestImages.EmptyJpeg(Side, Side, 0xC2, 64);
            case "jpeg of 65 scans":
                return TestImages.EmptyJpeg(Side, Side, 0xC2, 65);
            case "jpeg of arithmetic scans":
                return TestImages.EmptyJpeg(Side, Side, 0xCA, 64);
            case "gif of a dot on a large canvas":
                return TestImages.GifCanvas(Side, Side, 1, 1, frames: 1);
            case "gif on a canvas of 65535":
                return TestImages.GifCanvas(65535, 65535, 1, 1, frames: 1);
            case "gif frame larger than its canvas":
                return TestImages.GifCanvas(1, 1, 65535, 65535, frames: 1);
            case "gif of half a million frames":
                return TestImages.GifCanvas(16, 16, 1, 1, frames: 500_000);
            case "webp of one colour":
                using (var bitmap = new SKBitmap(Side, Side))
                    return TestImages.Encode(bitmap, SKEncodedImageFormat.Webp);
            case "webp on a canvas of 16 million":
                return [.. "RIFF"u8, 30, 0, 0, 0, .. "WEBPVP8X"u8, 10, 0, 0, 0, 2, 0, 0, 0, .. Enumerable.Repeat((byte)0xFF, 6), .. "ANIM"u8, 6, .. new byte[9]];
            case "bmp without its pixels":
                return TestImages.Bmp(Side, Side, bits: 24, compression: 0, []);
            default: // of jumps: run-length pixels that are all skipped
                return TestImages.Bmp(Side, Side, bits: 8, compression: 1, [.. Enumerable.Repeat<byte[]>([0, 2, 0, 0], 500_000).SelectMany(b => b), 0, 1]);
        }
    }

    private static byte[] Audio(string name)
    {
        const int large = 25_000_000;
        var random = new Random(1);
        byte[] Noise()
        {
            var noise = new byte[large];
            random.NextBytes(noise);
            return [0xFF, 0xFB, .. noise];
        }
        byte[] empty = TestAudio.OggPage([.. Enumerable.Repeat<byte[]>([], 255)], -1, 3, 0);
        return name switch
        {
            "flac of a day of silence" => TestFlac.Silence(16_000, 1, TimeSpan.FromDays(1)),
            "flac of an hour in eight channels at 384 kHz" => TestFlac.Silence(384_000, 8, TimeSpan.FromHours(1)),
            "wav that claims 4 GB" => TestAudio.Wav(1, 1, 16_000, 16, new byte[1000], statedLength: 4_000_000_000),
            "mp3 of one frame and zeros" => [.. TestAudio.Mp3(1, 20), .. new byte[large]],
            "mp3 of nothing but ones" => [.. Enumerable.Repeat((byte)0xFF, large)],
            "mp3 of noise" => Noise(),
            "opus of empty packets" => [.. TestAudio.OpusHead(), .. Enumerable.Repeat(empty, 80_000).SelectMany(p => p)],
            "vorbis of empty packets" => [.. TestAudio.VorbisHead(), .. Enumerable.Repeat(empty, 80_000).SelectMany(p => p)],
            "ogg of another stream's pages" => [.. TestAudio.OpusHead(), .. Enumerable.Repeat(TestAudio.OggPage([[]], -1, 3, 0, stream: 9), 800_000).SelectMany(p => p)],
            _ => [.. TestAudio.OpusHead(), .. Enumerable.Repeat(TestAudio.OggPage([new byte[255 * 255]], -1, 3, 0, isWhole: false), 380).SelectMany(p => p)],
        };
    }
}

/// <summary>Tests that measure the process: no other test runs beside them.</summary>
[CollectionDefinition("alone", DisableParallelization = true)]
public sealed class Alone;
