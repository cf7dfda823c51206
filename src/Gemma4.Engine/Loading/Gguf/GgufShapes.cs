using Gemma4.Engine.Configuration;

namespace Gemma4.Engine.Loading.Gguf;

/// <summary>Dimensions of tensors that stand for what no key says.</summary>
internal static class GgufShapes
{
    /// <summary>Elements of a vector.</summary>
    public static int Length(GgufFile file, string tensor, int max) => Dimension(file, tensor, 1, 0, max);

    /// <summary>Rows of a matrix.</summary>
    public static int Rows(GgufFile file, string tensor, int max) => Dimension(file, tensor, 2, 0, max);

    /// <summary>One dimension of a tensor.</summary>
    /// <param name="file">The file.</param>
    /// <param name="tensor">The tensor's name in it.</param>
    /// <param name="rank">Dimensions that it must have.</param>
    /// <param name="index">Which, the outermost first.</param>
    /// <param name="max">The greatest allowed.</param>
    public static int Dimension(GgufFile file, string tensor, int rank, int index, int max)
    {
        GgufTensor found = file.Find(tensor) ?? throw new CheckpointException(file.Path, $"tensor {tensor} is missing");
        return found.Shape.Length == rank && found.Shape[index] <= max
            ? (int)found.Shape[index]
            : throw new CheckpointException(found.File, $"tensor {tensor}: expected {rank} dimensions, dimension {index} at most {max}, found {StoredTensor.Show(found.Shape.AsSpan())}");
    }
}
