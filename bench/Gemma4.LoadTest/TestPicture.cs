using System.Runtime.InteropServices;
using SkiaSharp;

namespace Gemma4.LoadTest;

/// <summary>Pictures that no server has seen before: a seeded pattern as a PNG of 1280x720.</summary>
internal static class TestPicture
{
    public static LoadPicture Create(int seed, int maxSoftTokens)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(1280, 720, SKColorType.Rgba8888, SKAlphaType.Opaque));
        Span<uint> pixels = MemoryMarshal.Cast<byte, uint>(bitmap.GetPixelSpan());
        for (int y = 0; y < bitmap.Height; y++)
        {
            for (int x = 0; x < bitmap.Width; x++)
            {
                uint red = (byte)(x * (1 + seed % 7) + y), green = (byte)(x / 5 + y * seed), blue = (byte)(y / 3 ^ seed >> 8);
                pixels[y * bitmap.Width + x] = red | green << 8 | blue << 16 | 0xFF000000;
            }
        }
        using SKData png = bitmap.Encode(SKEncodedImageFormat.Png, quality: 100);
        return new LoadPicture("data:image/png;base64," + Convert.ToBase64String(png.AsSpan()), maxSoftTokens);
    }
}
