using Gemma4.Engine.Requests;
using Gemma4.Engine.Vision;
using SkiaSharp;
using Xunit;

namespace Gemma4.Engine.Tests.Vision;

public sealed class ImageDecoderTests
{
    private static readonly (byte, byte, byte) Red = (255, 0, 0), Green = (0, 255, 0), Blue = (0, 0, 255), White = (255, 255, 255);

    [Fact]
    public void Palette_keeps_the_colour_under_transparency()
    {
        byte[] png = TestImages.Png(2, 1, 8, 3, [0, 0, 1], ("PLTE", [10, 20, 30, 200, 100, 50]), ("tRNS", [0, 128]));
        Assert.Equal([(10, 20, 30), (200, 100, 50)], Decode(png).Pixels);
    }

    [Fact]
    public void Alpha_is_dropped_not_blended()
    {
        byte[] png = TestImages.Png(2, 1, 8, 6, [0, 10, 20, 30, 0, 200, 100, 50, 128]);
        Assert.Equal([(10, 20, 30), (200, 100, 50)], Decode(png).Pixels);
        byte[] grey = TestImages.Png(2, 1, 8, 4, [0, 77, 0, 200, 128]);
        Assert.Equal([(77, 77, 77), (200, 200, 200)], Decode(grey).Pixels);
    }

    [Theory]
    [InlineData(1, new byte[] { 0, 0b0110_0000 })]
    [InlineData(2, new byte[] { 0, 0b0001_0100 })]
    [InlineData(4, new byte[] { 0, 0x01, 0x10 })]
    [InlineData(8, new byte[] { 0, 0, 1, 1 })]
    public void Palette_may_have_few_bits(byte depth, byte[] scanline)
    {
        byte[] png = TestImages.Png(3, 1, depth, 3, scanline, ("PLTE", [10, 20, 30, 200, 100, 50]));
        Assert.Equal([(10, 20, 30), (200, 100, 50), (200, 100, 50)], Decode(png).Pixels);
    }

    [Theory]
    [InlineData(1, new byte[] { 0, 0b0110_0000 }, 255)]
    [InlineData(2, new byte[] { 0, 0b0011_0100 }, 255)]
    [InlineData(4, new byte[] { 0, 0x0F, 0xF0 }, 255)]
    public void Grey_of_few_bits_is_stretched_to_the_full_range(byte depth, byte[] scanline, byte second)
    {
        (int R, int G, int B)[] pixels = Decode(TestImages.Png(3, 1, depth, 0, scanline)).Pixels;
        Assert.Equal((0, 0, 0), pixels[0]);
        Assert.Equal((second, second, second), pixels[1]);
    }

    [Fact]
    public void Sixteen_bits_keep_their_upper_eight()
    {
        byte[] rgb = TestImages.Png(2, 1, 16, 2, [0, 10, 0, 20, 0, 30, 0, 255, 255, 128, 0, 0, 0]);
        (int R, int G, int B)[] pixels = Decode(rgb).Pixels;
        AssertNear((10, 20, 30), pixels[0], 1);
        AssertNear((255, 128, 0), pixels[1], 1);
        AssertNear((77, 77, 77), Decode(TestImages.Png(1, 1, 16, 0, [0, 77, 0])).Pixels[0], 1);
    }

    [Fact]
    public void Sixteen_bits_with_alpha_drop_it_too()
    {
        byte[] rgba = TestImages.Png(2, 1, 16, 6, [0, 10, 0, 20, 0, 30, 0, 0, 0, 255, 255, 128, 0, 0, 0, 128, 0]);
        AssertNear((10, 20, 30), Decode(rgba).Pixels[0], 1);
        AssertNear((255, 128, 0), Decode(rgba).Pixels[1], 1);
        AssertNear((77, 77, 77), Decode(TestImages.Png(1, 1, 16, 4, [0, 77, 0, 0, 0])).Pixels[0], 1);
    }

    [Theory]
    [InlineData(8, 2, 3)]
    [InlineData(8, 6, 4)]
    [InlineData(16, 2, 6)]
    [InlineData(8, 0, 1)]
    public void Interlaced_image_is_the_plain_one(byte depth, byte colorType, int bytesPerPixel)
    {
        const int width = 21, height = 13;
        var bytes = new byte[width * height * bytesPerPixel];
        new Random(3).NextBytes(bytes);
        Assert.Equal(
            Decode(TestImages.Png(width, height, depth, colorType, bytes, bytesPerPixel, interlaced: false)).Pixels,
            Decode(TestImages.Png(width, height, depth, colorType, bytes, bytesPerPixel, interlaced: true)).Pixels);
    }

    [Fact]
    public void Interlaced_rows_come_in_order()
    {
        // Adam7 of 2 x 2: pass 1 holds (0, 0), pass 6 holds (1, 0), pass 7 holds row 1.
        byte[] png = TestImages.Png(2, 2, 8, 0, interlaced: true, [0, 10, 0, 20, 0, 30, 40]);
        Assert.Equal([(10, 10, 10), (20, 20, 20), (30, 30, 30), (40, 40, 40)], Decode(png).Pixels);
    }

    [Theory]
    [InlineData(255, 255, 255, 255, 255, 255, 255)] // stored inverted: no ink
    [InlineData(255, 255, 255, 0, 0, 0, 0)] // black alone
    [InlineData(0, 255, 255, 255, 0, 255, 255)] // cyan
    [InlineData(128, 255, 255, 128, 64, 128, 128)]
    public void Cmyk_is_converted_as_inks(byte c, byte m, byte y, byte k, int red, int green, int blue)
    {
        (int Width, int Height, (int, int, int)[] Pixels) = Decode(TestImages.FlatJpeg(c, m, y, k));
        Assert.Equal((8, 8), (Width, Height));
        AssertNear((red, green, blue), Pixels[9], 1);
    }

    [Theory]
    [InlineData(200, 128, 128, 255, 55)] // lightness becomes ink, and inks are stored inverted
    [InlineData(128, 128, 128, 128, 64)]
    public void Ycck_is_converted_as_inks(byte y, byte cb, byte cr, byte k, int grey) =>
        AssertNear((grey, grey, grey), Decode(TestImages.FlatJpeg(adobeTransform: 2, y, cb, cr, k)).Pixels[9], 2);

    [Fact]
    public void Jpeg_may_hold_plain_colours() =>
        AssertNear((200, 100, 50), Decode(TestImages.FlatJpeg(adobeTransform: 0, 200, 100, 50)).Pixels[9], 1);

    [Fact]
    public void Progressive_jpeg_is_as_good_as_its_last_scan()
    {
        Assert.All(Decode(TestImages.ProgressiveJpeg(99)).Pixels, p => Assert.Equal((99, 99, 99), p));
        Assert.All(Decode(TestImages.ProgressiveJpeg(202)).Pixels, p => Assert.Equal((202, 202, 202), p));
    }

    [Fact]
    public void Grey_jpeg_is_grey() => Assert.All(Decode(TestImages.FlatJpeg(99)).Pixels, p => Assert.Equal((99, 99, 99), p));

    [Fact]
    public void Gif_gives_its_first_frame()
    {
        (int Width, int Height, (int, int, int)[] Pixels) = Decode(TestImages.Gif([1, 2, 3, 250, 240, 230], transparent: false));
        Assert.Equal((4, 2), (Width, Height));
        Assert.Equal([(1, 2, 3), (250, 240, 230), (1, 2, 3), (250, 240, 230)], Pixels[..4]);
    }

    [Fact]
    public void Gif_keeps_the_colour_under_transparency()
    {
        (int, int, int)[] pixels = Decode(TestImages.Gif([1, 2, 3, 250, 240, 230], transparent: true)).Pixels;
        Assert.Equal([(1, 2, 3), (250, 240, 230), (1, 2, 3), (250, 240, 230)], pixels[..4]);
    }

    public static TheoryData<string, byte[]> Bmps() => new()
    {
        // Two rows of two pixels, padded to four bytes, the lower one first: (124, 155, 186) above (0, 31, 62) in each kind's own precision.
        { "32 bits, the fourth byte unused", TestImages.Bmp(2, 2, 32, 0, [62, 31, 0, 0, 62, 31, 0, 255, 186, 155, 124, 7, 186, 155, 124, 0]) },
        { "24 bits from the top down", TestImages.Bmp(2, -2, 24, 0, [186, 155, 124, 186, 155, 124, 0, 0, 62, 31, 0, 62, 31, 0, 0, 0]) },
        { "16 bits, five for each colour", TestImages.Bmp(2, 2, 16, 0, [0x87, 0x00, 0x87, 0x00, 0x77, 0x3E, 0x77, 0x3E]) },
        { "8 bits of a palette", TestImages.Bmp(2, 2, 8, 0, [1, 1, 0, 0, 0, 0, 0, 0], Palette) },
        { "4 bits of a palette", TestImages.Bmp(2, 2, 4, 0, [0x11, 0, 0, 0, 0x00, 0, 0, 0], Palette) },
        { "1 bit of a palette", TestImages.Bmp(2, 2, 1, 0, [0xC0, 0, 0, 0, 0x00, 0, 0, 0], Palette) },
        { "runs of 8 bits", TestImages.Bmp(2, 2, 8, 1, [2, 1, 0, 0, 2, 0, 0, 1], Palette) },
        { "runs of 4 bits", TestImages.Bmp(2, 2, 4, 2, [2, 0x11, 0, 0, 2, 0x00, 0, 1], Palette) },
    };

    private static (byte, byte, byte)[] Palette => [(124, 155, 186), (0, 31, 62)];

    [Theory]
    [MemberData(nameof(Bmps))]
    public void Bmp_of_every_kind_is_read(string kind, byte[] file)
    {
        (int Width, int Height, (int, int, int)[] Pixels) = Decode(file);
        Assert.True((Width, Height) == (2, 2), kind);
        for (int i = 0; i < 4; i++)
            AssertNear(i < 2 ? (124, 155, 186) : (0, 31, 62), Pixels[i], kind.StartsWith("16", StringComparison.Ordinal) ? 8 : 0);
    }

    [Fact]
    public void Bmp_stored_upside_down_is_read_upright()
    {
        byte[] bmp = TestImages.Bmp(3, 2, (x, y) => ((byte)(x * 10), (byte)(y * 10), 7));
        Assert.Equal([(0, 0, 7), (10, 0, 7), (20, 0, 7), (0, 10, 7), (10, 10, 7), (20, 10, 7)], Decode(bmp).Pixels);
    }

    [Theory]
    [InlineData(SKEncodedImageFormat.Png)]
    [InlineData(SKEncodedImageFormat.Webp)]
    [InlineData(SKEncodedImageFormat.Jpeg)]
    public void Quarters_come_back(SKEncodedImageFormat format)
    {
        using SKBitmap quarters = TestImages.Quarters();
        AssertQuarters(Decode(TestImages.Encode(quarters, format)), 32, 48, Red, Green, Blue, White);
    }

    [Fact]
    public void Lossy_webp_comes_back_nearly()
    {
        using SKBitmap quarters = TestImages.Quarters();
        byte[] lossy = TestImages.Encode(quarters, SKEncodedImageFormat.Webp, quality: 90);
        Assert.True(lossy.AsSpan(12).StartsWith("VP8 "u8));
        AssertQuarters(Decode(lossy), 32, 48, 8, Red, Green, Blue, White);
    }

    [Fact]
    public void Webp_drops_its_alpha()
    {
        using var bitmap = new SKBitmap(new SKImageInfo(2, 1, SKColorType.Rgba8888, SKAlphaType.Unpremul));
        bitmap.SetPixel(0, 0, new SKColor(200, 100, 50, 128));
        bitmap.SetPixel(1, 0, new SKColor(10, 20, 30, 255));
        byte[] webp = TestImages.Encode(bitmap, SKEncodedImageFormat.Webp);
        Assert.True(webp.AsSpan(12).StartsWith("VP8L"u8));
        (int, int, int)[] pixels = Decode(webp).Pixels;
        AssertNear((200, 100, 50), pixels[0], 1);
        AssertNear((10, 20, 30), pixels[1], 0);
    }

    [Fact]
    public void Animated_webp_gives_its_first_frame()
    {
        using SKBitmap first = TestImages.Quarters();
        using var second = new SKBitmap(new SKImageInfo(32, 48, SKColorType.Rgba8888, SKAlphaType.Opaque));
        byte[] webp = TestImages.Animated(32, 48, TestImages.Encode(first, SKEncodedImageFormat.Webp), TestImages.Encode(second, SKEncodedImageFormat.Webp));
        AssertQuarters(Decode(webp), 32, 48, Red, Green, Blue, White);
    }

    public static TheoryData<ushort, string> Orientations() => new()
    {
        { 1, "RGBW" }, { 2, "GRWB" }, { 3, "WBGR" }, { 4, "BWRG" }, { 5, "RBGW" }, { 6, "BRWG" }, { 7, "WGBR" }, { 8, "GWRB" },
    };

    [Theory]
    [MemberData(nameof(Orientations))]
    public void Exif_orientation_is_applied(ushort orientation, string quarters)
    {
        using SKBitmap stored = TestImages.Quarters();
        byte[] jpeg = TestImages.WithExifOrientation(TestImages.Encode(stored, SKEncodedImageFormat.Jpeg), orientation);
        (int w, int h) = orientation >= 5 ? (48, 32) : (32, 48);
        (byte, byte, byte)[] colors = [.. quarters.Select(q => q switch { 'R' => Red, 'G' => Green, 'B' => Blue, _ => White })];
        AssertQuarters(Decode(jpeg), w, h, colors[0], colors[1], colors[2], colors[3]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Exif_orientation_of_a_png_is_applied(bool isBigEndian)
    {
        byte[] exif = isBigEndian
            ? TestImages.ExifOrientation(6)
            : [.. "II*\0"u8, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0];
        byte[] png = TestImages.Png(2, 1, 8, 0, [0, 10, 20], ("eXIf", exif));
        (int Width, int Height, (int, int, int)[] Pixels) = Decode(png);
        Assert.Equal((1, 2), (Width, Height));
        Assert.Equal([(10, 10, 10), (20, 20, 20)], Pixels);
    }

    [Fact]
    public void Exif_orientation_of_a_webp_is_applied()
    {
        using SKBitmap stored = TestImages.Quarters();
        byte[] webp = TestImages.WithExifChunk(TestImages.Encode(stored, SKEncodedImageFormat.Webp), 32, 48, orientation: 6);
        AssertQuarters(Decode(webp), 48, 32, Blue, Red, White, Green);
    }

    private static void AssertQuarters(
        (int Width, int Height, (int, int, int)[] Pixels) image, int width, int height, params (byte R, byte G, byte B)[] colors) =>
        AssertQuarters(image, width, height, 3, colors);

    private static void AssertQuarters(
        (int Width, int Height, (int, int, int)[] Pixels) image, int width, int height, int tolerance, params (byte R, byte G, byte B)[] colors)
    {
        Assert.Equal((width, height), (image.Width, image.Height));
        (int X, int Y)[] centres = [(width / 4, height / 4), (width * 3 / 4, height / 4), (width / 4, height * 3 / 4), (width * 3 / 4, height * 3 / 4)];
        for (int q = 0; q < 4; q++)
            AssertNear((colors[q].R, colors[q].G, colors[q].B), image.Pixels[centres[q].Y * width + centres[q].X], tolerance);
    }

    private static void AssertNear((int R, int G, int B) expected, (int R, int G, int B) actual, int tolerance) =>
        Assert.True(
            Math.Abs(expected.R - actual.R) <= tolerance && Math.Abs(expected.G - actual.G) <= tolerance && Math.Abs(expected.B - actual.B) <= tolerance,
            $"expected {expected}, got {actual}");

    private static unsafe (int Width, int Height, (int R, int G, int B)[] Pixels) Decode(byte[] file)
    {
        fixed (byte* encoded = file)
        {
            using PixelRows rows = ImageDecoder.Open(encoded, file.Length, ImageLimits.Default, param: null);
            var bytes = new byte[rows.Width * rows.Height * 4];
            int half = rows.Height / 2; // in two bands, so that the second one begins somewhere
            if (half > 0)
                rows.Read(bytes, rows.Width * 4, 0, half);
            rows.Read(bytes.AsSpan(half * rows.Width * 4), rows.Width * 4, half, rows.Height - half);
            var pixels = new (int, int, int)[rows.Width * rows.Height];
            (int width, int height) = rows.Orientation.Shown(rows.Width, rows.Height);
            for (int i = 0; i < pixels.Length; i++)
            {
                int across = rows.Orientation.MirroredAcross ? width - 1 - i % width : i % width;
                int down = rows.Orientation.MirroredDown ? height - 1 - i / width : i / width;
                int stored = rows.Orientation.Turned ? across * rows.Width + down : down * rows.Width + across;
                pixels[i] = (bytes[stored * 4], bytes[stored * 4 + 1], bytes[stored * 4 + 2]);
            }
            return (width, height, pixels);
        }
    }
}
