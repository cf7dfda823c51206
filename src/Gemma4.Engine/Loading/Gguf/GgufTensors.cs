using System.Collections.Immutable;
using Gemma4.Engine.Configuration;

namespace Gemma4.Engine.Loading.Gguf;

/// <summary>Finds published tensors in a model's GGUF file and in the mmproj file beside it.</summary>
internal sealed class GgufTensors : CheckpointTensors
{
    private const string PatchProjection = "model.vision_tower.patch_embedder.input_proj.weight", PerDimScale = ".self_attn.per_dim_scale";

    private readonly GgufFile _model;
    private readonly GgufFile? _mmproj;
    private readonly HashSet<string> _found = new(StringComparer.Ordinal);

    /// <param name="model">The text model.</param>
    /// <param name="mmproj">Its towers; null where there are none.</param>
    public GgufTensors(GgufFile model, GgufFile? mmproj) => (_model, _mmproj) = (model, mmproj);

    public override IReadOnlyDictionary<string, LocatedWeight> Locate(Gemma4Config config, IReadOnlyDictionary<string, ImmutableArray<long>> expected)
    {
        var located = expected.ToDictionary(e => e.Key, e => Find(e.Key, e.Value), StringComparer.Ordinal);
        RefuseStrangers(config);
        return located;
    }

    /// <summary>Finds a tensor.</summary>
    /// <param name="published">Its name in safetensors.</param>
    /// <param name="shape">The shape it must have there.</param>
    /// <exception cref="CheckpointException">It is missing, or has another shape.</exception>
    public LocatedWeight Find(string published, ImmutableArray<long> shape)
    {
        string? name = GgufNames.Find(published);
        if (name is not null && Take(name) is { } stored)
        {
            RequireShape(published, stored, shape);
            WeightChange change = published == PatchProjection ? WeightChange.ChannelsFirst
                : published.EndsWith(PerDimScale, StringComparison.Ordinal) ? WeightChange.Softplus : WeightChange.None;
            return new LocatedWeight(published, shape, stored.Format, [new FileSlice(stored.File, stored.Offset, stored.Length)], change, stored.InPanels);
        }
        return FindInLayer(published, shape)
            ?? throw new CheckpointException(_model.Path, $"tensor {name ?? published} {StoredTensor.Show(shape.AsSpan())} is missing{(name is null ? "" : $" ({published})")}");
    }

    /// <summary>Refuses files with tensors that nobody asked for, but for those that released files hold and nothing uses.</summary>
    /// <param name="config">The model.</param>
    public void RefuseStrangers(Gemma4Config config)
    {
        foreach (GgufTensor tensor in _model.Tensors.Concat(_mmproj?.Tensors ?? []))
        {
            if (!_found.Contains(tensor.Name) && !IsUnused(config, tensor.Name))
                throw new CheckpointException(tensor.File, $"tensor {tensor.Name} is not part of this model");
        }
    }

    /// <summary>Keys and values of layers that share those of others; the rotary frequencies, which the configuration was read from.</summary>
    private static bool IsUnused(Gemma4Config config, string name) => name == "rope_freqs.weight" || config.Text.Layers.Any(layer => !layer.OwnsKv
        && (name == $"blk.{layer.Index}.attn_k.weight" || name == $"blk.{layer.Index}.attn_v.weight" || name == $"blk.{layer.Index}.attn_k_norm.weight"));

    private LocatedWeight? FindInLayer(string published, ImmutableArray<long> shape)
    {
        if (!GgufNames.IsInTextLayer(published, out string layer, out string rest))
            return null;
        return rest switch
        {
            "self_attn.q_proj.weight" or "self_attn.k_proj.weight" or "self_attn.v_proj.weight" => FindFused(published, rest[10], layer, shape),
            "experts.gate_up_proj" => FindApart(published, layer, shape),
            _ => null,
        };
    }

    /// <summary>Queries, keys and values in one matrix, one after the other; keys and values have as many rows.</summary>
    private LocatedWeight? FindFused(string published, char part, string layer, ImmutableArray<long> shape)
    {
        if (Take($"blk.{layer}.attn_qkv.weight") is not { InPanels: false } all)
            return null;
        if (all.Shape.Length != 2 || shape.Length != 2 || all.Shape[1] != shape[1] || all.Shape[0] <= (part == 'q' ? 1 : 2) * shape[0] || (part == 'q' && (all.Shape[0] - shape[0]) % 2 != 0))
            throw new CheckpointException(all.File, $"tensor {all.Name}: found shape {StoredTensor.Show(all.Shape.AsSpan())}, which does not hold {published} {StoredTensor.Show(shape.AsSpan())}");
        long first = part switch { 'q' => 0, 'k' => all.Shape[0] - 2 * shape[0], _ => all.Shape[0] - shape[0] };
        long rowBytes = all.Length / all.Shape[0];
        return new LocatedWeight(published, shape, all.Format, [new FileSlice(all.File, all.Offset + first * rowBytes, shape[0] * rowBytes)], WeightChange.None);
    }

    /// <summary>Gates and ups of experts in tensors of their own, where the published one has both of each expert, one after the other.</summary>
    private LocatedWeight? FindApart(string published, string layer, ImmutableArray<long> shape)
    {
        if (Take($"blk.{layer}.ffn_gate_exps.weight") is not { InPanels: false } gate || Take($"blk.{layer}.ffn_up_exps.weight") is not { InPanels: false } up)
            return null;
        if (shape is not [var experts, var both, var width] || both % 2 != 0)
            return null;
        RequireShape(published, gate, [experts, both / 2, width]);
        RequireShape(published, up, [experts, both / 2, width]);
        if (gate.Format != up.Format)
            throw new CheckpointException(up.File, $"tensor {up.Name}: found {up.Format}, and {gate.Name} is {gate.Format}; gates and ups of experts are read in one format");
        long bytes = gate.Length / experts;
        var slices = ImmutableArray.CreateBuilder<FileSlice>((int)(2 * experts));
        for (long e = 0; e < experts; e++)
        {
            slices.Add(new FileSlice(gate.File, gate.Offset + e * bytes, bytes));
            slices.Add(new FileSlice(up.File, up.Offset + e * bytes, bytes));
        }
        return new LocatedWeight(published, shape, gate.Format, slices.MoveToImmutable(), WeightChange.None);
    }

    /// <summary>Dimensions of 1 come and go between the two; the order of numbers is the same without them.</summary>
    private static void RequireShape(string published, GgufTensor stored, ImmutableArray<long> shape)
    {
        IEnumerable<long> found = stored.Shape.Where(d => d != 1), wanted = shape.Where(d => d != 1);
        bool holds = published == PatchProjection
            ? stored.Shape is [var rows, 3, var height, var side] && height == side && shape is [var d, var values] && rows == d && 3 * height * side == values
            : found.SequenceEqual(wanted);
        if (!holds)
            throw new CheckpointException(stored.File, $"tensor {stored.Name}: found shape {StoredTensor.Show(stored.Shape.AsSpan())}, expected {StoredTensor.Show(shape.AsSpan())} ({published})");
    }

    private GgufTensor? Take(string name)
    {
        GgufTensor? tensor = _model.Find(name) ?? _mmproj?.Find(name);
        if (tensor is not null)
            _found.Add(name);
        return tensor;
    }
}
