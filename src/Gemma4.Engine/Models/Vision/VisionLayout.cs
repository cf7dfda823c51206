using Gemma4.Engine.Configuration;
using Gemma4.Engine.Backends.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Models.Vision;

/// <summary>Images laid end to end, S patches in all: which rows are whose, and where every patch stands.</summary>
/// <param name="Images">First row, patches in a row and in a column, of each image.</param>
/// <param name="NumPatches">S.</param>
/// <param name="X">Column of each patch, <c>[S]</c> int64.</param>
/// <param name="Y">Row of each patch, <c>[S]</c> int64.</param>
internal sealed record VisionLayout(IReadOnlyList<ImageGrid> Images, int NumPatches, Tensor X, Tensor Y) : IDisposable
{
    /// <summary>Lays images out. The caller owns the result.</summary>
    /// <exception cref="ArgumentException">An image is no grid of patches, or none that the tower can take.</exception>
    public static VisionLayout Of(IReadOnlyList<ImagePatches> images, VisionConfig config, Device device)
    {
        var grids = new ImageGrid[images.Count];
        var xs = new List<long>();
        var ys = new List<long>();
        for (int i = 0; i < images.Count; i++)
        {
            grids[i] = Grid(images[i], xs.Count, config);
            for (int p = 0; p < grids[i].NumPatches; p++)
            {
                xs.Add(p % grids[i].Columns);
                ys.Add(p / grids[i].Columns);
            }
        }
        return new VisionLayout(
            grids, xs.Count, tensor(xs.ToArray(), device: device).DetachFromDisposeScope(), tensor(ys.ToArray(), device: device).DetachFromDisposeScope());
    }

    /// <summary>The parts of images that lie among some rows, in order.</summary>
    public IEnumerable<ImageRows> Within(int firstRow, int count)
    {
        for (int i = 0; i < Images.Count; i++)
        {
            ImageGrid image = Images[i];
            int first = Math.Max(firstRow, image.FirstRow), end = Math.Min(firstRow + count, image.FirstRow + image.NumPatches);
            if (first < end)
                yield return new ImageRows(i, image, first, end - first);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        X.Dispose();
        Y.Dispose();
    }

    private static ImageGrid Grid(ImagePatches image, int firstRow, VisionConfig config)
    {
        int patches = image.Values.Length / config.PatchValues, columns = image.Columns;
        if (columns < 1 || patches % columns != 0 || patches * config.PatchValues != image.Values.Length)
            throw new ArgumentException($"{image.Values.Length} values are not rows of {columns} patches of {config.PatchValues} values.", nameof(image));
        var grid = new ImageGrid(firstRow, columns, patches / columns);
        if (Math.Max(grid.Columns, grid.Rows) > config.NumPositions)
            throw new ArgumentException($"An image of {grid.Columns} × {grid.Rows} patches exceeds the {config.NumPositions} positions of the tower.", nameof(image));
        if (grid.Columns % config.PoolingSize != 0 || grid.Rows % config.PoolingSize != 0)
            throw new ArgumentException($"An image of {grid.Columns} × {grid.Rows} patches cannot be pooled {config.PoolingSize} × {config.PoolingSize}.", nameof(image));
        return grid;
    }
}

/// <summary>One image among the rows.</summary>
internal readonly record struct ImageGrid(int FirstRow, int Columns, int Rows)
{
    public int NumPatches => Columns * Rows;
}

/// <summary>Some rows that belong to one image.</summary>
/// <param name="ImageIndex">Which image.</param>
/// <param name="Image">Where its rows are.</param>
/// <param name="FirstRow">Among all rows, as <see cref="ImageGrid.FirstRow"/>.</param>
/// <param name="Count">How many.</param>
internal readonly record struct ImageRows(int ImageIndex, ImageGrid Image, int FirstRow, int Count);
