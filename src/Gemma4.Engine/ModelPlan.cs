using System.Collections.Immutable;
using Gemma4.Engine.Backends;
using Gemma4.Engine.Backends.Cpu;
using Gemma4.Engine.Backends.Torch;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Execution;
using Gemma4.Engine.Kernels;
using Gemma4.Engine.KvCache;
using Gemma4.Engine.Loading;
using Gemma4.Engine.Simulation;

namespace Gemma4.Engine;

/// <summary>What serving a model takes and gives, reckoned before it is loaded, by the arithmetic that loads it and the scheduler that serves it.</summary>
public sealed class ModelPlan
{
    private readonly LocatedModel _model;
    private readonly ComputeOptions _compute;

    private ModelPlan(LocatedModel model, ComputeOptions compute)
    {
        (_model, _compute) = (model, compute);
        using Backend backend = BackendFactory.Create(compute);
        Work = ModelWork.Of(model.Config, model.Expected);
        Work = Work with
        {
            BitsPerWeight = 8.0 * TextWeights.Of(model, backend).Bytes / Work.NumWeights,
            KvBytesPerNumber = backend.KvFormat switch { KvFormat.Float32 => 4, KvFormat.BFloat16 => 2, _ => 1 },
        };
    }

    /// <summary>A model that is there. No weight is touched.</summary>
    /// <param name="checkpoint">The model.</param>
    /// <param name="compute">Where and how it computes.</param>
    /// <exception cref="CheckpointException">The checkpoint is not one we can serve.</exception>
    /// <exception cref="ArgumentException">A word of the compute options is unknown, or the device not there.</exception>
    public static ModelPlan Of(Checkpoint checkpoint, ComputeOptions compute)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(compute);
        return new ModelPlan(checkpoint.Locate(), compute);
    }

    /// <summary>A released model without its files, in bfloat16 as it is published.</summary>
    /// <param name="released">One of <see cref="ReleasedModels"/>.</param>
    /// <param name="compute">Where and how it computes.</param>
    /// <exception cref="ArgumentException">A word of the compute options is unknown, or the device not there.</exception>
    public static ModelPlan Of(Gemma4Config released, ComputeOptions compute)
    {
        ArgumentNullException.ThrowIfNull(released);
        ArgumentNullException.ThrowIfNull(compute);
        return new ModelPlan(LocatedModel.Find(LibTorch.IsPresent ? released : released.TextOnly(), new PublishedTensors()), compute);
    }

    /// <summary>Tokens of the longest context that the model was trained for.</summary>
    public int MaxPositions => _model.Config.Text.MaxPositions;

    /// <summary>What its text model reads and computes in a step, its weights as they are multiplied.</summary>
    public ModelWork Work { get; }

    /// <summary>Its text model's shape.</summary>
    internal TextConfig Text => _model.Config.Text;

    /// <summary>The form in which most of its weights are multiplied on a CPU.</summary>
    internal WeightFormat MultipliedFormat
    {
        get
        {
            using var backend = (CpuBackend)BackendFactory.Create(_compute with { Backend = "cpu", Device = "cpu" });
            return _model.Expected.Multiplied.Keys
                .Select(name => _model.Weights[name])
                .GroupBy(weight => PanelPacking.Format(weight.Format, (int)weight.Shape[^1], backend.Quantization, isHead: false))
                .MaxBy(group => group.Sum(weight => weight.Length))!.Key;
        }
    }

    /// <summary>The memory that <see cref="EngineLoader.Load"/> would take.</summary>
    /// <param name="options">Valid options.</param>
    public MemoryForecast Memory(EngineOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        using Backend backend = BackendFactory.Create(_compute);
        return MemoryForecaster.Create(_model, backend, options);
    }

    /// <summary>Runs clients against the scheduler in simulated time, with as large a cache as they can use and the memory holds.</summary>
    /// <param name="options">Valid options; their sequences are the clients, their typical sequence is what a client has.</param>
    /// <param name="machine">How fast the machine is.</param>
    /// <param name="load">The clients.</param>
    /// <returns>What they would see; null where the memory holds no cache for even one of them.</returns>
    public ClientLoadResult? Serve(EngineOptions options, MachineSpeed machine, ClientLoad load)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(load);
        MemoryForecast memory = Memory(options);
        long left = memory.LimitBytes - memory.WeightBytes - memory.MappedBytes - memory.WorkBytes;
        if (left < memory.SmallestKvCacheBytes)
            return null;
        using Backend backend = BackendFactory.Create(_compute);
        ImmutableArray<KvGroupSpec> groups = KvMemory.Groups(_model.Config.Text, _model.Expected.KvLayers, backend.KvFormat);
        int maxContextLength = Math.Min(MaxPositions, options.MaxContextLength ?? int.MaxValue);
        KvCachePlan cache = KvBudget.Split(
            Math.Min(left, memory.UsefulKvCacheBytes), groups, options.BlockSize, maxContextLength, options.TypicalSequenceTokens, options.MaxTokensPerStep);
        if (cache.MaxSequenceTokens < load.PromptTokens + load.OutputTokens)
            return null;
        return load.Run(new SimulatedEngine(new StepCost(Work, machine), cache, options, _model.Config.Text.VocabSize));
    }
}
