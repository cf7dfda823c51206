using Gemma4.Engine.Backends;
using Gemma4.Engine.Backends.Cpu;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Models;

namespace Gemma4.Engine.Loading;

/// <summary>Makes a model of a checkpoint: all tensors are found and checked before memory is taken.</summary>
internal static class ModelLoader
{
    /// <summary>Loads a model.</summary>
    /// <param name="model">What it needs, found in a checkpoint.</param>
    /// <param name="backend">Computes; owned by the model, and disposed where loading fails.</param>
    /// <param name="progress">Told after each tensor.</param>
    /// <param name="lazy">True where mapped weights are read when they are first multiplied with.</param>
    /// <returns>The model; the caller owns it.</returns>
    /// <exception cref="CheckpointException">A tensor holds what no weight does.</exception>
    public static Gemma4Model Load(LocatedModel model, Backend backend, IProgress<LoadProgress>? progress = null, bool lazy = false)
    {
        WeightStore? store = null;
        try
        {
            store = new CheckpointWeights(model.Weights, backend, progress, lazy);
            return new Gemma4Model(model.Config, backend, store);
        }
        catch
        {
            backend.Dispose();
            store?.Dispose();
            throw;
        }
    }

    /// <summary>What a configuration needs of a checkpoint.</summary>
    public static ExpectedModel Expect(Gemma4Config config)
    {
        var names = new ExpectedWeights();
        var backend = new CpuBackend(new CpuOptions(NumThreads: 1));
        using var model = new Gemma4Model(config, backend, names);
        return new ExpectedModel(names.Shapes, names.Gathered, backend.AskedWeights, model.KvLayers, backend.Work);
    }
}
