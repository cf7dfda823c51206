namespace Gemma4.Engine.KvCache;

/// <summary>Layers that keep the same positions share a group: one pool of blocks and one block table a sequence.</summary>
/// <param name="Window">Positions kept, the current one included; null keeps all (global layers).</param>
/// <param name="BytesPerToken">What one position costs over all layers of the group.</param>
public sealed record KvGroupSpec(int? Window, long BytesPerToken);
