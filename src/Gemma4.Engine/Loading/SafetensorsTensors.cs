using System.Collections.Immutable;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Loading.CompressedTensors;
using Gemma4.Engine.Loading.Repacked;

namespace Gemma4.Engine.Loading;

/// <summary>The tensors of a checkpoint folder: under their published names, as they are, packed into 4 bits, or in panels.</summary>
/// <param name="index">Every tensor of the folder.</param>
internal sealed class SafetensorsTensors(CheckpointIndex index) : CheckpointTensors
{
    private static readonly string[] TowerPrefixes = ["model.vision_tower.", "model.embed_vision.", "model.audio_tower.", "model.embed_audio."];

    private readonly PanelTensors _panels = new(index);

    /// <summary>Every tensor of the folder.</summary>
    public CheckpointIndex Index => index;

    public override IReadOnlyDictionary<string, LocatedWeight> Locate(Gemma4Config config, IReadOnlyDictionary<string, ImmutableArray<long>> expected)
    {
        string[] unknown = [.. index.Names.Where(n => !expected.ContainsKey(n) && !StandsIn(n, expected) && !IsUnused(config, n)).Order(StringComparer.Ordinal)];
        var located = new Dictionary<string, LocatedWeight>(StringComparer.Ordinal);
        foreach ((string name, ImmutableArray<long> shape) in expected)
            located.Add(name, Locate(name, shape) ?? throw new CheckpointException(index.Source, $"tensor {name} {StoredTensor.Show(shape.AsSpan())} is missing{Hint(unknown)}"));
        if (unknown.Length > 0)
            throw new CheckpointException(index.Source, $"tensor {unknown[0]} is not part of this model{(unknown.Length > 1 ? $", nor are {unknown.Length - 1} others" : "")}");
        return located;
    }

    private LocatedWeight? Locate(string name, ImmutableArray<long> shape)
    {
        if (!index.TryGet(name, out StoredTensor stored))
            return _panels.Find(name, shape) ?? PackedTensor.Find(index, name, shape);
        if (!stored.Shape.SequenceEqual(shape))
            throw new CheckpointException(stored.File, $"tensor {name}: found shape {StoredTensor.Show(stored.Shape.AsSpan())}, expected {StoredTensor.Show(shape.AsSpan())}");
        return new LocatedWeight(
            name,
            shape,
            stored.Dtype.WeightFormat ?? throw new CheckpointException(stored.File, $"tensor {name}: found dtype {stored.Dtype}, expected BF16, F16 or F32"),
            [new FileSlice(stored.File, stored.Offset, stored.Length)],
            WeightChange.None);
    }

    /// <summary>True for what stands in for a weight that is expected: the parts of a packed one, or its panels.</summary>
    private bool StandsIn(string name, IReadOnlyDictionary<string, ImmutableArray<long>> expected) =>
        (PanelTensors.WeightOf(name) ?? PackedTensor.WeightOf(name)) is { } weight && expected.ContainsKey(weight) && !index.TryGet(weight, out _);

    private static string Hint(string[] unknown) => unknown.Length == 0 ? "" : $"; the checkpoint has {unknown[0]}, which the model does not know";

    /// <summary>Stored but used by nothing: keys and values of sharing layers, the copy of a tied head, towers that are left away.</summary>
    private static bool IsUnused(Gemma4Config config, string name)
    {
        name = PanelTensors.WeightOf(name) ?? PackedTensor.WeightOf(name) ?? name;
        if (name == "lm_head.weight")
            return config.Text.TiedHead;
        if (config.LeavesTowers && Array.Exists(TowerPrefixes, prefix => name.StartsWith(prefix, StringComparison.Ordinal)))
            return true;
        return config.Text.Layers.Any(layer => !layer.OwnsKv
            && name.StartsWith($"model.language_model.layers.{layer.Index}.self_attn.", StringComparison.Ordinal)
            && name[name.LastIndexOf("self_attn.", StringComparison.Ordinal)..]
                is "self_attn.k_proj.weight" or "self_attn.v_proj.weight" or "self_attn.k_norm.weight");
    }
}
