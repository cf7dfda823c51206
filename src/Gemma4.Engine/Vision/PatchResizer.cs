using Gemma4.Engine.Kernels;

namespace Gemma4.Engine.Vision;

/// <summary>Resizes a picture and cuts it into patches in one pass over its rows.</summary>
/// <remarks>
/// Rows are narrowed as they arrive and kept in a ring just long enough for the vertical filter; an output row is made as soon as its
/// last input row is there, and scattered to the patches at once. Beside the patches this holds a few dozen rows, whatever the size.
/// </remarks>
internal static class PatchResizer
{
    /// <summary>Values of a patch: 16 rows of 16 pixels of red, green, blue.</summary>
    public const int PatchValues = SoftTokenBudget.PatchSize * SoftTokenBudget.PatchSize * 3;

    private const int BandRows = 16;

    private static readonly float[] ByteToUnit = CreateByteToUnit();

    /// <summary>Resizes <paramref name="source"/> to <paramref name="width"/> x <paramref name="height"/>.</summary>
    /// <param name="source">Read from its first to its last row.</param>
    /// <param name="width">A multiple of 48.</param>
    /// <param name="height">A multiple of 48.</param>
    /// <param name="patches">Pixels in 0..1, <c>[height / 16 * width / 16, 768]</c>, row-major, vector order (py, px, channel).</param>
    /// <param name="cancellationToken">Stops between bands of rows.</param>
    public static void Run(PixelRows source, int width, int height, Span<float> patches, CancellationToken cancellationToken)
    {
        var across = new ResampleWeights(source.Width, width);
        var down = new ResampleWeights(source.Height, height);
        int bandStride = (source.Width + ResampleRow.PaddingPixels) * 4;
        int ringRows = down.Taps;
        int ringStride = width * 4;
        var band = new byte[BandRows * bandStride];
        var ring = new byte[ringRows * ringStride];
        var row = new byte[ringStride];
        int made = 0;
        for (int first = 0; first < source.Height; first += BandRows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count = Math.Min(BandRows, source.Height - first);
            source.Read(band, bandStride, first, count);
            for (int i = 0; i < count; i++)
            {
                int arrived = first + i + 1;
                ResampleRow.Run(band.AsSpan(i * bandStride, bandStride), across, ring.AsSpan((arrived - 1) % ringRows * ringStride, ringStride));
                for (; made < height && down.First(made) + down.Count(made) <= arrived; made++)
                {
                    ResampleColumns.Run(ring, ringStride, down.First(made), down.Weights(made), row);
                    Scatter(row, made, width / SoftTokenBudget.PatchSize, patches);
                }
            }
        }
    }

    private static void Scatter(ReadOnlySpan<byte> row, int y, int patchColumns, Span<float> patches)
    {
        const int PatchRow = SoftTokenBudget.PatchSize * 3;
        int patchRow = y / SoftTokenBudget.PatchSize, insidePatch = y % SoftTokenBudget.PatchSize;
        ReadOnlySpan<float> toUnit = ByteToUnit;
        for (int column = 0; column < patchColumns; column++)
        {
            Span<float> target = patches.Slice((patchRow * patchColumns + column) * PatchValues + insidePatch * PatchRow, PatchRow);
            ReadOnlySpan<byte> pixels = row.Slice(column * SoftTokenBudget.PatchSize * 4, SoftTokenBudget.PatchSize * 4);
            for (int x = 0; x < SoftTokenBudget.PatchSize; x++)
            {
                target[x * 3] = toUnit[pixels[x * 4]];
                target[x * 3 + 1] = toUnit[pixels[x * 4 + 1]];
                target[x * 3 + 2] = toUnit[pixels[x * 4 + 2]];
            }
        }
    }

    /// <summary>The reference multiplies by <c>rescale_factor</c> = 1/255 in double and rounds to float32.</summary>
    private static float[] CreateByteToUnit()
    {
        var table = new float[256];
        for (int i = 0; i < table.Length; i++)
            table[i] = (float)(i * 0.00392156862745098);
        return table;
    }
}
