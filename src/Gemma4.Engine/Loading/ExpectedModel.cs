using System.Collections.Immutable;
using Gemma4.Engine.Backends;
using Gemma4.Engine.Backends.Cpu;
using Gemma4.Engine.Configuration;

namespace Gemma4.Engine.Loading;

/// <summary>What a model needs of a checkpoint and of memory, learnt from one that was built without data.</summary>
/// <param name="Shapes">Name and shape of every tensor.</param>
/// <param name="Gathered">Tables that are read row by row; a tied embedding is multiplied with, too.</param>
/// <param name="Multiplied">Weights of products, and whether each is the output projection's.</param>
/// <param name="KvLayers">What each layer stores of a position; null where it shares another's.</param>
/// <param name="Work">What a step holds.</param>
internal sealed record ExpectedModel(
    IReadOnlyDictionary<string, ImmutableArray<long>> Shapes,
    IReadOnlySet<string> Gathered,
    IReadOnlyDictionary<string, bool> Multiplied,
    IReadOnlyList<KvLayerSpec?> KvLayers,
    StepWork Work);
