using System.Collections.Immutable;
using Gemma4.Engine.Backends.Cpu;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Kernels;
using Gemma4.Engine.Kernels.Panels;

namespace Gemma4.Engine.Loading.Repacked;

/// <summary>Which weights of a checkpoint go into panels, and which tensors stay as they are.</summary>
/// <remarks>Into panels go the weights that the CPU backend would pack while loading, so a repacked model computes the same, to the last bit.</remarks>
internal sealed class RepackPlan
{
    /// <summary>The published names of the embedding and of the output projection, which may be the same weight.</summary>
    public const string Embedding = "model.language_model.embed_tokens.weight", Head = "lm_head.weight";

    private readonly Dictionary<string, List<(long First, long End)>> _replaced = new(StringComparer.Ordinal);

    private RepackPlan(IReadOnlyDictionary<string, LocatedWeight> located, ImmutableArray<RepackedTensor> panels)
    {
        (Located, Panels) = (located, panels);
        foreach (RepackedTensor tensor in panels.Where(t => t.Name == t.Source.Name))
        {
            foreach (FileSlice slice in tensor.Source.Slices)
            {
                if (!_replaced.TryGetValue(slice.File, out List<(long First, long End)>? ranges))
                    _replaced.Add(slice.File, ranges = []);
                ranges.Add((slice.Offset, slice.Offset + slice.Length));
            }
        }
    }

    /// <summary>Every tensor of the original, by published name.</summary>
    public IReadOnlyDictionary<string, LocatedWeight> Located { get; }

    /// <summary>The weights that go into panels, by name.</summary>
    public ImmutableArray<RepackedTensor> Panels { get; }

    /// <summary>Plans.</summary>
    /// <param name="config">The model.</param>
    /// <param name="tensors">Its tensors.</param>
    /// <param name="quantization">What floats are rounded to.</param>
    /// <exception cref="CheckpointException">A tensor is missing or malformed, or has a shape that cannot be repacked.</exception>
    public static RepackPlan Create(Gemma4Config config, CheckpointTensors tensors, Quantization quantization)
    {
        var model = LocatedModel.Find(config, tensors);
        var panels = ImmutableArray.CreateBuilder<RepackedTensor>();
        foreach ((string name, LocatedWeight weight) in model.Weights.OrderBy(e => e.Key, StringComparer.Ordinal))
        {
            if (!model.Expected.Multiplied.TryGetValue(name, out bool isHead) || weight.InPanels || weight.Change is WeightChange.ChannelsFirst)
                continue;
            WeightFormat format = PanelPacking.Format(weight.Format, (int)weight.Shape[^1], quantization, isHead);
            if (!PanelLayout.Exists(format))
                continue;
            if (PanelSlice.CanHold(weight.Shape.AsSpan()))
                panels.Add(new RepackedTensor(isHead ? Head : name, weight, format));
            else if (format != weight.Format)
                throw new CheckpointException(weight.Slices[0].File, $"tensor {name} {StoredTensor.Show(weight.Shape.AsSpan())}: the parts of an expert do not begin at multiples of {PanelLayout.Rows} rows, so it can be quantised while loading, but not repacked");
        }
        return new RepackPlan(model.Weights, panels.ToImmutable());
    }

    /// <summary>Whether panels replace all bytes of a stored tensor. A tied embedding stays: its rows are gathered.</summary>
    public bool Replaces(string file, long offset, long length)
    {
        if (length == 0 || !_replaced.TryGetValue(file, out List<(long First, long End)>? ranges))
            return false;
        return length == ranges.Where(r => r.First >= offset && r.End <= offset + length).Sum(r => r.End - r.First);
    }
}
