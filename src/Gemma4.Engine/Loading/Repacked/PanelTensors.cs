using System.Collections.Immutable;
using System.Globalization;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Kernels;
using Gemma4.Engine.Kernels.Panels;

namespace Gemma4.Engine.Loading.Repacked;

/// <summary>Weights in panels among the tensors of a folder: bytes under the weight's name, the version of the layout and the format behind it
/// (<c>….up_proj.weight.panels1.Q4_0</c>).</summary>
internal sealed class PanelTensors
{
    private const string Mark = ".panels";
    private readonly Dictionary<string, (StoredTensor Tensor, WeightFormat Format)> _byWeight = new(StringComparer.Ordinal);

    /// <summary>Finds them.</summary>
    /// <param name="index">Every tensor of the folder.</param>
    /// <exception cref="CheckpointException">One is of another version of the layout, or of an unknown format.</exception>
    public PanelTensors(CheckpointIndex index)
    {
        foreach (string name in index.Names)
        {
            if (WeightOf(name) is { } weight && index.TryGet(name, out StoredTensor tensor) && !_byWeight.TryAdd(weight, (tensor, FormatOf(tensor, weight))))
                throw new CheckpointException(tensor.File, $"tensor {name}: {weight} is there in panels of another format already");
        }
    }

    /// <summary>What a weight is called in panels.</summary>
    public static string NameOf(string weight, WeightFormat format) => $"{weight}{Mark}{PanelLayout.Version}.{format}";

    /// <summary>The weight that a tensor holds; null where it holds no panels.</summary>
    public static string? WeightOf(string name) => name.LastIndexOf(Mark, StringComparison.Ordinal) is > 0 and var at && at + Mark.Length < name.Length && char.IsAsciiDigit(name[at + Mark.Length])
        ? name[..at]
        : null;

    /// <summary>Finds a weight; null where it is not in panels.</summary>
    /// <param name="weight">Its published name.</param>
    /// <param name="shape">The shape it must have.</param>
    /// <exception cref="CheckpointException">The panels are not those of a weight of this shape.</exception>
    public LocatedWeight? Find(string weight, ImmutableArray<long> shape)
    {
        if (!_byWeight.TryGetValue(weight, out (StoredTensor Tensor, WeightFormat Format) found))
            return null;
        StoredTensor tensor = found.Tensor;
        if (tensor.Dtype != StoredDtype.U8 || !PanelSlice.CanHold(shape.AsSpan()) || PanelSlice.BytesOf(found.Format, shape.AsSpan()) != tensor.Length)
            throw new CheckpointException(tensor.File, $"tensor {tensor.Name}: {tensor.Length} bytes of {tensor.Dtype} are not {weight} {StoredTensor.Show(shape.AsSpan())} in panels");
        if (!PanelSlice.IsAligned(tensor.Offset))
            throw new CheckpointException(tensor.File, $"tensor {tensor.Name}: its panels begin at {tensor.Offset}, which is not a multiple of {PanelSlice.Alignment}");
        return new LocatedWeight(weight, shape, found.Format, [new FileSlice(tensor.File, tensor.Offset, tensor.Length)], WeightChange.None, InPanels: true);
    }

    private static WeightFormat FormatOf(StoredTensor tensor, string weight)
    {
        string[] parts = tensor.Name[(weight.Length + Mark.Length)..].Split('.');
        if (parts is not [var number, var word] || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int version))
            throw new CheckpointException(tensor.File, $"tensor {tensor.Name}: expected a name like {NameOf(weight, WeightFormat.Q4_0)}");
        if (PanelSlice.Problem(version) is { } stale)
            throw new CheckpointException(tensor.File, $"tensor {tensor.Name}: {stale}");
        return Enum.TryParse(word, out WeightFormat format) && format.ToString() == word && PanelLayout.Exists(format)
            ? format
            : throw new CheckpointException(tensor.File, $"tensor {tensor.Name}: there are no panels of {word}");
    }
}
