using System.Runtime.InteropServices;
using SkiaSharp;

namespace Gemma4.LoadTest;

/// <summary>Images as PNG files.</summary>
internal static class TestImage
{
    /// <summary>One that no server has seen before: a seeded pattern of 1280x720.</summary>
    public static LoadImage Create(int seed, int maxSoftTokens) => Encode(1280, 720, maxSoftTokens, (x, y) =>
    {
        uint red = (byte)(x * (1 + seed % 7) + y), green = (byte)(x / 5 + y * seed), blue = (byte)(y / 3 ^ seed >> 8);
        return red | green << 8 | blue << 16;
    });

    /// <summary>Always the same one of 4000x3000: sent again, it is prepared again, but not encoded again. Its file is small, so that sending it costs little.</summary>
    public static LoadImage Large(int maxSoftTokens) => Encode(4000, 3000, maxSoftTokens, (x, y) => (uint)(x / 50 * 0x030507 ^ y / 50 * 0x0B0D11) & 0xFFFFFF);

    private static LoadImage Encode(int width, int height, int maxSoftTokens, Func<int, int, uint> color)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        Span<uint> pixels = MemoryMarshal.Cast<byte, uint>(bitmap.GetPixelSpan());
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
                pixels[y * width + x] = color(x, y) | 0xFF000000;
        }
        using SKData png = bitmap.Encode(SKEncodedImageFormat.Png, quality: 100);
        return new LoadImage("data:image/png;base64," + Convert.ToBase64String(png.AsSpan()), maxSoftTokens);
    }
}
