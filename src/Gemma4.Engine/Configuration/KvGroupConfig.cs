using System.Collections.Immutable;

namespace Gemma4.Engine.Configuration;

/// <summary>Layers that keep the same positions, and so share block tables.</summary>
/// <param name="Kind">How far back they look.</param>
/// <param name="Window">Positions kept, the current one included; null keeps all.</param>
/// <param name="OwnerLayers">The layers that store keys and values, in order.</param>
/// <param name="ElementsPerToken">What one position costs over all of them, in elements.</param>
public sealed record KvGroupConfig(LayerKind Kind, int? Window, ImmutableArray<int> OwnerLayers, long ElementsPerToken);
