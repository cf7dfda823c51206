using System.Collections.Immutable;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.KvCache;
using Gemma4.Engine.Simulation;

namespace Gemma4.FleetSimulation;

/// <summary>A model on a machine, and engines for it.</summary>
internal sealed class SimulatedServers
{
    private readonly KvCachePlan _cache;
    private readonly EngineOptions _engine;

    /// <exception cref="InvalidOperationException">The model does not fit the machine.</exception>
    public SimulatedServers(FleetOptions options)
    {
        Gemma4Config config = Gemma4Config.Load(options.Config);
        Machine machine = Machines.All[options.Machine];
        ModelWork work = ModelWork.Of(config) with { BitsPerWeight = options.Bits, KvBytesPerNumber = options.KvBytes };
        Cost = new StepCost(work, machine.Speed);
        _engine = new EngineOptions { MaxSequences = options.MaxSequences, MaxTokensPerStep = Math.Max(2048, options.MaxSequences) };
        // As the engine plans it: a twentieth of the memory is left, a gigabyte is for work, and no more cache than could ever be used.
        double left = 0.95 * machine.MemoryBytes - 1e9 - work.NumWeights * work.BitsPerWeight / 8;
        if (left < 1e8)
            throw new InvalidOperationException($"{options.Config} does not fit {options.Machine}: {work.NumWeights * work.BitsPerWeight / 8e9:0.0} GB of weights in {machine.MemoryBytes / 1e9:0} GB.");
        ImmutableArray<KvGroupSpec> groups = [.. config.Text.KvGroups.Select(g => new KvGroupSpec(g.Window, g.ElementsPerToken * options.KvBytes))];
        double useful = KvBudget.Cost(groups, config.Text.MaxPositions, _engine.MaxTokensPerStep, _engine.BlockSize)
            + (_engine.MaxSequences - 1.0) * KvBudget.Cost(groups, _engine.TypicalSequenceTokens, 1, _engine.BlockSize);
        _cache = KvBudget.Split(
            (long)Math.Min(left, useful), groups, _engine.BlockSize, config.Text.MaxPositions, _engine.TypicalSequenceTokens, _engine.MaxTokensPerStep);
    }

    /// <summary>What steps take.</summary>
    public StepCost Cost { get; }

    /// <summary>Tokens that the cache's largest pool holds.</summary>
    public long CacheTokens => _cache.CapacityTokens;

    /// <summary>An idle server.</summary>
    public SimulatedEngine Create() => new(Cost, _cache, _engine);
}
