using System.Collections.Immutable;
using Gemma4.Engine.Backends;
using Gemma4.Engine.Backends.Cpu;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Models;

namespace Gemma4.Engine.Loading;

/// <summary>Opens a checkpoint folder: configuration, headers, checks, and only then memory.</summary>
internal static class ModelLoader
{
    /// <summary>Loads a model.</summary>
    /// <param name="directory">A folder in the Hugging Face layout.</param>
    /// <param name="backend">Computes; owned by the model, and disposed where loading fails.</param>
    /// <param name="progress">Told after each tensor.</param>
    /// <returns>The model; the caller owns it.</returns>
    /// <exception cref="CheckpointException">A file, key or tensor is missing, malformed or not what the model needs.</exception>
    public static Gemma4Model Load(string directory, Backend backend, IProgress<LoadProgress>? progress = null)
    {
        WeightStore? store = null;
        try
        {
            Gemma4Config config = Gemma4Config.Load(directory);
            CheckpointIndex index = CheckpointIndex.Read(directory);
            long bytes = Check(config, index, ExpectedTensors(config));
            store = new CheckpointWeights(index, backend, bytes, progress);
            return new Gemma4Model(config, backend, store);
        }
        catch
        {
            backend.Dispose();
            store?.Dispose();
            throw;
        }
    }

    /// <summary>Name and shape of every tensor that a configuration needs.</summary>
    public static IReadOnlyDictionary<string, ImmutableArray<long>> ExpectedTensors(Gemma4Config config)
    {
        var names = new ExpectedWeights();
        using var model = new Gemma4Model(config, new CpuBackend(new CpuOptions(NumThreads: 1)), names);
        return names.Shapes;
    }

    /// <summary>Refuses a checkpoint whose tensors are not the expected ones; returns the bytes that will be taken.</summary>
    private static long Check(Gemma4Config config, CheckpointIndex index, IReadOnlyDictionary<string, ImmutableArray<long>> expected)
    {
        string[] unknown = [.. index.Names.Where(n => !expected.ContainsKey(n) && !IsUnused(config, n)).Order(StringComparer.Ordinal)];
        long bytes = 0;
        foreach ((string name, ImmutableArray<long> shape) in expected)
        {
            if (!index.TryGet(name, out StoredTensor stored))
                throw new CheckpointException(index.Source, $"tensor {name} {StoredTensor.Show(shape.AsSpan())} is missing{Hint(unknown)}");
            if (!stored.Shape.SequenceEqual(shape))
                throw new CheckpointException(stored.File, $"tensor {name}: found shape {StoredTensor.Show(stored.Shape.AsSpan())}, expected {StoredTensor.Show(shape.AsSpan())}");
            if (stored.Dtype.WeightFormat is null)
                throw new CheckpointException(stored.File, $"tensor {name}: found dtype {stored.Dtype}, expected BF16, F16 or F32");
            bytes += stored.Length;
        }
        if (unknown.Length > 0)
            throw new CheckpointException(index.Source, $"tensor {unknown[0]} is not part of this model{(unknown.Length > 1 ? $", nor are {unknown.Length - 1} others" : "")}");
        return bytes;
    }

    private static string Hint(string[] unknown) => unknown.Length == 0 ? "" : $"; the checkpoint has {unknown[0]}, which the model does not know";

    /// <summary>Stored by the released checkpoints but used by nothing: keys and values of sharing layers, the copy of a tied head.</summary>
    private static bool IsUnused(Gemma4Config config, string name)
    {
        if (name == "lm_head.weight")
            return config.Text.TiedHead;
        return config.Text.Layers.Any(layer => !layer.OwnsKv
            && name.StartsWith($"model.language_model.layers.{layer.Index}.self_attn.", StringComparison.Ordinal)
            && name[name.LastIndexOf("self_attn.", StringComparison.Ordinal)..]
                is "self_attn.k_proj.weight" or "self_attn.v_proj.weight" or "self_attn.k_norm.weight");
    }
}
