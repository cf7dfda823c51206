using Gemma4.Engine.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Models.Vision;

/// <summary>Pictures laid end to end, S patches in all: which rows are whose, and where every patch stands.</summary>
/// <param name="Images">First row, patches in a row and in a column, of each picture.</param>
/// <param name="X">Column of each patch, <c>[S]</c> int64.</param>
/// <param name="Y">Row of each patch, <c>[S]</c> int64.</param>
internal sealed record VisionLayout(IReadOnlyList<ImageGrid> Images, Tensor X, Tensor Y)
{
    /// <summary>Lays pictures out. The tensors belong to the caller's dispose scope.</summary>
    public static VisionLayout Of(IReadOnlyList<ImagePatches> images, int patchValues, Device device)
    {
        var grids = new ImageGrid[images.Count];
        var xs = new List<long>();
        var ys = new List<long>();
        for (int i = 0; i < images.Count; i++)
        {
            int patches = images[i].Values.Length / patchValues, columns = images[i].Columns;
            if (columns < 1 || patches % columns != 0 || patches * patchValues != images[i].Values.Length)
                throw new ArgumentException($"{images[i].Values.Length} values are not rows of {columns} patches of {patchValues} values.", nameof(images));
            grids[i] = new ImageGrid(xs.Count, columns, patches / columns);
            for (int p = 0; p < patches; p++)
            {
                xs.Add(p % columns);
                ys.Add(p / columns);
            }
        }
        return new VisionLayout(grids, tensor(xs.ToArray(), device: device), tensor(ys.ToArray(), device: device));
    }
}

/// <summary>One picture among the rows.</summary>
internal readonly record struct ImageGrid(int FirstRow, int Columns, int Rows)
{
    public int NumPatches => Columns * Rows;
}

/// <summary>Rotary angles of both axes.</summary>
internal readonly record struct AxialAngles(RotaryAngles X, RotaryAngles Y);
