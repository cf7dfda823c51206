using System.Collections.Immutable;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Kernels;

namespace Gemma4.Engine.Loading.CompressedTensors;

/// <summary>Finds weights that are stored as <c>weight_packed</c>, <c>weight_scale</c> and <c>weight_shape</c>.</summary>
/// <remarks><c>weight_shape</c> says nothing that the model and the other two do not say, so that its numbers are not read.</remarks>
internal static class PackedTensor
{
    private const string Packed = "_packed", Scale = "_scale", Shape = "_shape";
    private const int LevelsPerInt = 8;

    /// <summary>The weight that a tensor is a part of; null where it is no part.</summary>
    public static string? WeightOf(string name)
    {
        foreach (string suffix in (ReadOnlySpan<string>)[Packed, Scale, Shape])
        {
            if (name.EndsWith(".weight" + suffix, StringComparison.Ordinal))
                return name[..^suffix.Length];
        }
        return null;
    }

    /// <summary>Finds a weight; null where it is not packed.</summary>
    /// <param name="index">The checkpoint.</param>
    /// <param name="name">The weight's published name.</param>
    /// <param name="shape">The shape it must have.</param>
    /// <exception cref="CheckpointException">Its parts do not belong together.</exception>
    public static LocatedWeight? Find(CheckpointIndex index, string name, ImmutableArray<long> shape)
    {
        if (!index.TryGet(name + Packed, out StoredTensor levels))
            return null;
        if (!index.TryGet(name + Scale, out StoredTensor scales))
            throw new CheckpointException(levels.File, $"tensor {name}{Scale} is missing, and {name}{Packed} is there");
        if (shape is not [var rows, var columns] || columns % PackedInt4.BlockLength != 0)
            throw new CheckpointException(levels.File, $"tensor {levels.Name}: {StoredTensor.Show(shape.AsSpan())} is not packed in whole groups of {PackedInt4.BlockLength}");
        Require(levels, StoredDtype.I32, [rows, columns / LevelsPerInt]);
        if (scales.Shape is not [var scaleRows, var groups] || scaleRows != rows || groups < 1 || columns % groups != 0 || columns / groups % PackedInt4.BlockLength != 0)
            throw new CheckpointException(scales.File, $"tensor {scales.Name}: found shape {StoredTensor.Show(scales.Shape.AsSpan())}, expected [{rows}, {columns / PackedInt4.BlockLength}], or fewer columns for larger groups");
        Require(scales, StoredDtype.BF16, [rows, groups]);
        return new LocatedWeight(
            name,
            shape,
            WeightFormat.Q4_0,
            [new FileSlice(levels.File, levels.Offset, levels.Length), new FileSlice(scales.File, scales.Offset, scales.Length)],
            WeightChange.PackedInt4);
    }

    private static void Require(StoredTensor tensor, StoredDtype dtype, ImmutableArray<long> shape)
    {
        if (tensor.Dtype != dtype || !tensor.Shape.SequenceEqual(shape))
            throw new CheckpointException(tensor.File, $"tensor {tensor.Name}: found {tensor.Dtype} {StoredTensor.Show(tensor.Shape.AsSpan())}, expected {dtype} {StoredTensor.Show(shape.AsSpan())}");
    }
}
