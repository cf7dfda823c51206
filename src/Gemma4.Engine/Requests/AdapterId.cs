namespace Gemma4.Engine.Requests;

/// <summary>Names an adapter: weights that a sequence adds to the model's own (LoRA, Hu et al. 2021).</summary>
/// <param name="Value">Unique over the engine's life: it is not given again to other weights, because prefixes in the KV cache are told apart by it.</param>
public readonly record struct AdapterId(int Value);
