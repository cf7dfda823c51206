using System.Diagnostics;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Vision;
using SkiaSharp;
using Xunit;

namespace Gemma4.Engine.Tests.Vision;

/// <summary>Files that mean harm: each is refused naming the part, in bounded time and memory.</summary>
public sealed class HostileImageTests
{
    private const string Part = "messages[0].content[1].image_url.url";

    [Theory]
    [InlineData(60_000, 60_000, "image_too_large")]
    [InlineData(50_000, 1, "image_too_large")]
    [InlineData(int.MaxValue, int.MaxValue, null)] // beyond what a PNG may be at all
    [InlineData(10_000, 10_000, "image_too_large")]
    [InlineData(4_000, 1, "invalid_image")]
    [InlineData(1, 4_000, "invalid_image")]
    [InlineData(0, 10, null)]
    public void Header_is_judged_before_anything_of_its_size_is_allocated(int width, int height, string? code)
    {
        byte[] bomb = TestImages.Png(width, height, 8, 2, new byte[100]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        RequestRejectedException e = AssertRefused(bomb);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 100_000);
        Assert.Equal(code ?? "image_parse_error", e.Code);
    }

    [Theory]
    [InlineData("hello world, this is not an image")]
    [InlineData("%PDF-1.7 ...............................")]
    [InlineData("<svg xmlns='http://www.w3.org/2000/svg'/>")]
    [InlineData("<html><body>404</body></html>")]
    [InlineData("B")]
    public void Another_kind_of_file_is_no_image(string text) =>
        Assert.Equal("invalid_image_format", AssertRefused(System.Text.Encoding.ASCII.GetBytes(text)).Code);

    [Fact]
    public void Empty_file_is_called_so() => Assert.Equal("empty_image_file", AssertRefused([]).Code);

    [Fact]
    public void Icon_is_not_read_though_the_decoder_could() =>
        Assert.Equal("invalid_image_format", AssertRefused([0, 0, 1, 0, 1, 0, 1, 1, 0, 0, 1, 0, 32, 0, 40, 0, 0, 0, 22, 0, 0, 0]).Code);

    [Fact]
    public void File_over_the_limit_is_refused_by_its_length()
    {
        var limits = new ImageLimits { MaxEncodedBytes = 1000 };
        RequestRejectedException e = Assert.Throws<RequestRejectedException>(() => Prepare(new byte[1001], limits));
        Assert.Equal(("image_file_too_large", Part), (e.Code, e.Param));
    }

    public static TheoryData<string> Kinds() => ["png", "jpeg", "webp", "gif", "bmp"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Truncated_file_is_refused_wherever_it_is_cut(string kind)
    {
        byte[] whole = ValidImages.All[kind];
        Prepare(whole);
        foreach (double share in new[] { 0.02, 0.1, 0.3, 0.5, 0.7, 0.85 })
            AssertRefused(whole[..(int)(whole.Length * share)]);
    }

    [Fact]
    public void Progressive_jpeg_of_a_thousand_scans_is_refused_unread()
    {
        byte[] jpeg = TestImages.FlatJpeg(99);
        int scan = jpeg.AsSpan().IndexOf([(byte)0xFF, (byte)0xDA]);
        byte[] scans = [.. jpeg[..scan], .. Enumerable.Repeat(jpeg[scan..^2], 1000).SelectMany(s => s), .. jpeg[^2..]];
        Assert.Equal(1000, JpegScans.Count(scans));
        Assert.Equal(1, JpegScans.Count(jpeg));
        Assert.Contains("scans", AssertRefused(scans).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Zlib_bomb_stops_at_the_pixels_the_header_promised()
    {
        // 30 MB of zeros deflate to 30 kB; the header asks for 16 x 16 of them.
        byte[] png = TestImages.Png(16, 16, 8, 2, new byte[30_000_000]);
        var clock = Stopwatch.StartNew();
        Prepare(png);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(2));
    }

    private static PreparedImage Prepare(byte[] file, ImageLimits? limits = null) =>
        ImagePreprocessor.Prepare(file, 70, limits ?? ImageLimits.Default, Part, TestContext.Current.CancellationToken);

    private static RequestRejectedException AssertRefused(byte[] file)
    {
        var e = Assert.Throws<RequestRejectedException>(() => Prepare(file));
        Assert.Equal((RejectionReason.InvalidMedia, Part), (e.Reason, e.Param));
        return e;
    }
}

/// <summary>A small valid image of each kind, to cut and to mutate.</summary>
internal static class ValidImages
{
    public static IReadOnlyDictionary<string, byte[]> All { get; } = Create();

    /// <summary>Unfiltered rows of random bytes below a limit.</summary>
    private static byte[] Scanlines(int rows, int rowBytes, int limit)
    {
        var random = new Random(11);
        return [.. Enumerable.Range(0, rows).SelectMany(_ => Enumerable.Range(0, rowBytes).Select(_ => (byte)random.Next(limit)).Prepend((byte)0))];
    }

    private static Dictionary<string, byte[]> Create()
    {
        using SKBitmap quarters = TestImages.Quarters();
        var random = new Random(7);
        for (int i = 0; i < 400; i++)
            quarters.SetPixel(random.Next(32), random.Next(48), new SKColor((uint)random.Next() | 0xFF000000u));
        return new()
        {
            ["png"] = TestImages.Encode(quarters, SKEncodedImageFormat.Png),
            ["jpeg"] = TestImages.Encode(quarters, SKEncodedImageFormat.Jpeg, 80),
            ["webp"] = TestImages.Encode(quarters, SKEncodedImageFormat.Webp, 80),
            ["gif"] = TestImages.Gif([1, 2, 3, 250, 240, 230], transparent: true),
            ["bmp"] = TestImages.Bmp(20, 20, (x, y) => ((byte)(x * 9), (byte)(y * 9), 7)),
            ["png of a palette"] = TestImages.Png(9, 9, 8, 3, Scanlines(9, 9, 2), ("PLTE", [10, 20, 30, 200, 100, 50]), ("tRNS", [0, 128])),
            ["png of 16 bits, with EXIF"] = TestImages.Png(9, 9, 16, 6, Scanlines(9, 72, 256), ("eXIf", TestImages.ExifOrientation(6))),
            ["png interlaced"] = TestImages.Png(9, 9, 8, 2, Scanlines(9, 26, 256), 3, interlaced: true),
            ["jpeg progressive"] = TestImages.ProgressiveJpeg(99),
            ["jpeg of inks, with EXIF"] = TestImages.WithExifOrientation(TestImages.FlatJpeg(10, 20, 30, 40), 6),
            ["webp lossless"] = TestImages.Encode(quarters, SKEncodedImageFormat.Webp),
            ["webp with EXIF"] = TestImages.WithExifChunk(TestImages.Encode(quarters, SKEncodedImageFormat.Webp, 80), 32, 48, orientation: 6),
            ["webp animated"] = TestImages.Animated(
                32, 48, TestImages.Encode(quarters, SKEncodedImageFormat.Webp, 80), TestImages.Encode(quarters, SKEncodedImageFormat.Webp)),
            ["bmp of runs"] = TestImages.Bmp(8, 2, 8, 1, [8, 1, 0, 0, 4, 0, 4, 1, 0, 1], (1, 2, 3), (4, 5, 6)),
            ["bmp of 16 bits"] = TestImages.Bmp(8, 2, 16, 0, new byte[32]),
        };
    }
}
