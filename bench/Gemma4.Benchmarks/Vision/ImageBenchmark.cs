using System.Diagnostics;
using Gemma4.Engine.Vision;
using SkiaSharp;

namespace Gemma4.Benchmarks.Vision;

/// <summary>
/// What preparing a 12-megapixel JPEG costs at each budget, against SkiaSharp's own decoding and resizing of the same file to the same
/// size. Processor time of one thread, not wall time: the least of several rounds in which all ways take turns, so that a busy machine
/// troubles all of them alike.
/// </summary>
internal static class ImageBenchmark
{
    private const int Width = 4000, Height = 3000, Rounds = 15, BandRows = 8;

    private static readonly SKSamplingOptions Cubic = new(SKCubicResampler.CatmullRom); // not antialiased: skips most source pixels
    private static readonly SKSamplingOptions Mipmaps = new(SKFilterMode.Linear, SKMipmapMode.Linear); // antialiased, blurred

    public static void Run(TextWriter output)
    {
        byte[] jpeg = Image(), turned = Turned(jpeg);
        output.WriteLine($"{Width}x{Height} JPEG of {jpeg.Length / 1e6:0.0} MB; ms of processor time, least of {Rounds}");
        output.WriteLine(
            "budget | size | ours: all | the same, turned | ours: decode | content hash | ours: resize and patches | Skia: decode | Skia: cubic resize | Skia: mipmap resize");
        using SKBitmap decoded = SKBitmap.Decode(jpeg);
        foreach (int budget in SoftTokenBudget.Allowed)
        {
            (int w, int h) = SoftTokenBudget.TargetSize(Width, Height, budget);
            var target = new SKImageInfo(w, h, SKColorType.Rgba8888, SKAlphaType.Opaque);
            double[] best = Measure(
                () => ImagePreprocessor.Prepare(jpeg, budget, ImageLimits.Default),
                () => ImagePreprocessor.Prepare(turned, budget, ImageLimits.Default),
                () => ReadRows(jpeg),
                () => ImagePreprocessor.Hash(jpeg, budget),
                () => SKBitmap.Decode(jpeg).Dispose(),
                () => decoded.Resize(target, Cubic).Dispose(),
                () => decoded.Resize(target, Mipmaps).Dispose());
            double resize = best[0] - best[2] - best[3];
            output.WriteLine(
                $"{budget} | {w}x{h} | {best[0]:0} | {best[1]:0} | {best[2]:0} | {best[3]:0.0} | {resize:0.0} | {best[4]:0} | {best[5]:0.0} | {best[6]:0.0}");
        }
    }

    private static double[] Measure(params Action[] ways)
    {
        var best = new double[ways.Length];
        Array.Fill(best, double.PositiveInfinity);
        for (int round = 0; round < Rounds; round++)
        {
            for (int way = 0; way < ways.Length; way++)
            {
                TimeSpan before = Environment.CpuUsage.TotalTime;
                ways[way]();
                best[way] = Math.Min(best[way], (Environment.CpuUsage.TotalTime - before).TotalMilliseconds);
            }
        }
        return best;
    }

    /// <summary>Our decoding alone, so that the rest can be told from it.</summary>
    private static unsafe void ReadRows(byte[] jpeg)
    {
        fixed (byte* file = jpeg)
        {
            using PixelRows rows = ImageDecoder.Open(file, jpeg.Length, ImageLimits.Default, null);
            var band = new byte[BandRows * rows.Width * 4];
            for (int y = 0; y < rows.Height; y += BandRows)
                rows.Read(band, rows.Width * 4, y, Math.Min(BandRows, rows.Height - y));
        }
    }

    /// <summary>The same file with EXIF orientation 6: shown turned to the right.</summary>
    private static byte[] Turned(byte[] jpeg)
    {
        byte[] exif =
        [
            0xFF, 0xE1, 0, 34, .. "Exif\0\0MM\0*"u8, 0, 0, 0, 8, // big-endian, the directory follows
            0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0, // one entry: orientation, one short, 6
        ];
        return [.. jpeg[..2], .. exif, .. jpeg[2..]];
    }

    /// <summary>Waves, edges and noise: neither flat nor all noise, like a photograph.</summary>
    private static unsafe byte[] Image()
    {
        using var bitmap = new SKBitmap(new SKImageInfo(Width, Height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        var pixels = (uint*)bitmap.GetPixels();
        var random = new Random(1);
        for (int y = 0; y < Height; y++)
        {
            for (int x = 0; x < Width; x++)
            {
                double noise = random.NextDouble() * 16;
                uint red = (uint)(100 + 60 * Math.Sin(x / 97.0 + y / 61.0) + 40 * ((x / 53 + y / 41) % 2) + noise);
                uint green = (uint)(120 + 80 * Math.Sin(x / 67.0 - y / 91.0) + noise);
                pixels[y * Width + x] = red | green << 8 | (red + green) / 2 << 16 | 0xFF000000u;
            }
        }
        using SKData data = bitmap.Encode(SKEncodedImageFormat.Jpeg, 90);
        return data.ToArray();
    }
}
