using Gemma4.Engine.Vision;
using Xunit;

namespace Gemma4.Engine.Tests.Vision;

public sealed class PatchResizerTests
{
    public static TheoryData<int, int, int> Images()
    {
        var images = new TheoryData<int, int, int>();
        for (int exif = 1; exif <= 8; exif++)
        {
            foreach ((int width, int height) in ((int, int)[])[(1, 1), (3, 50), (63, 17), (200, 331), (517, 118)])
                images.Add(exif, width, height);
        }
        return images;
    }

    [Theory]
    [MemberData(nameof(Images))]
    public void Turning_while_resizing_equals_turning_first(int exif, int storedWidth, int storedHeight)
    {
        byte[] stored = new byte[storedWidth * storedHeight * 4];
        new Random(exif).NextBytes(stored);
        (byte[] shown, int shownWidth, int shownHeight) = Show(stored, storedWidth, storedHeight, exif);
        foreach ((int width, int height) in ((int, int)[])[(96, 48), (48, 144)])
        {
            using var source = new ArrayRows(stored, storedWidth, storedHeight, exif);
            var patches = new float[width * height * 3];
            PatchResizer.Run(source, width, height, patches, TestContext.Current.CancellationToken);
            Assert.Equal(Expected(shown, shownWidth, shownHeight, width, height), patches);
        }
    }

    /// <summary>Each axis for itself, across first, rounded to bytes between; then cut into patches.</summary>
    private static float[] Expected(byte[] pixels, int inputWidth, int inputHeight, int width, int height)
    {
        ResampleWeights across = new(inputWidth, width), down = new(inputHeight, height);
        var narrowed = new byte[width * inputHeight * 3];
        for (int y = 0; y < inputHeight; y++)
        {
            for (int x = 0; x < width; x++)
            {
                for (int c = 0; c < 3; c++)
                    narrowed[(y * width + x) * 3 + c] = Sum(across, x, i => pixels[(y * inputWidth + i) * 4 + c]);
            }
        }
        var patches = new float[width * height * 3];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                for (int c = 0; c < 3; c++)
                {
                    byte value = Sum(down, y, i => narrowed[(i * width + x) * 3 + c]);
                    patches[((y / 16 * (width / 16) + x / 16) * 256 + y % 16 * 16 + x % 16) * 3 + c] = (float)(value * 0.00392156862745098);
                }
            }
        }
        return patches;
    }

    private static byte Sum(ResampleWeights weights, int index, Func<int, byte> sample)
    {
        int sum = ResampleWeights.Half, first = weights.First(index);
        foreach (int w in weights.Weights(index))
            sum += w * sample(first++);
        return (byte)Math.Clamp(sum >> ResampleWeights.FractionBits, 0, 255);
    }

    /// <summary>Turns as the EXIF standard words it: where the stored image's row 0 and column 0 are to be seen.</summary>
    private static (byte[] Pixels, int Width, int Height) Show(byte[] stored, int width, int height, int exif)
    {
        (int shownWidth, int shownHeight) = exif >= 5 ? (height, width) : (width, height);
        var shown = new byte[stored.Length];
        for (int row = 0; row < height; row++)
        {
            for (int column = 0; column < width; column++)
            {
                (int x, int y) = exif switch
                {
                    1 => (column, row), // row 0 at the top, column 0 at the left
                    2 => (width - 1 - column, row), // top, right
                    3 => (width - 1 - column, height - 1 - row), // bottom, right
                    4 => (column, height - 1 - row), // bottom, left
                    5 => (row, column), // left, top
                    6 => (height - 1 - row, column), // right, top
                    7 => (height - 1 - row, width - 1 - column), // right, bottom
                    _ => (row, width - 1 - column), // left, bottom
                };
                stored.AsSpan((row * width + column) * 4, 4).CopyTo(shown.AsSpan((y * shownWidth + x) * 4));
            }
        }
        return (shown, shownWidth, shownHeight);
    }

    private sealed class ArrayRows(byte[] pixels, int width, int height, int exif) : PixelRows(Orientation.FromExif(exif))
    {
        public override int Width => width;

        public override int Height => height;

        public override void Read(Span<byte> band, int stride, int firstRow, int count)
        {
            for (int y = 0; y < count; y++)
                pixels.AsSpan((firstRow + y) * width * 4, width * 4).CopyTo(band[(y * stride)..]);
        }

        public override void Dispose()
        {
        }
    }
}
