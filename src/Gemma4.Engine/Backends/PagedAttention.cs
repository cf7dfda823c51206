namespace Gemma4.Engine.Backends;

/// <summary>Attention of one layer over keys and values that lie in blocks; scores are not scaled (Gemma 4 normalises queries and keys).</summary>
internal abstract class PagedAttention
{
    /// <summary>Stores the step's keys and values in the slots of its KV group.</summary>
    /// <param name="keys"><c>[T, K · H]</c>, normalised and rotated; null where keys are made from values.</param>
    /// <param name="values"><c>[T, K · H]</c>, normalised.</param>
    public abstract void Write(Activations? keys, Activations values);

    /// <summary>Attends; the step's own keys and values must be written before.</summary>
    /// <param name="queries"><c>[T, N · H]</c>, normalised and rotated.</param>
    /// <param name="y">Receives <c>[T, N · H]</c>; may be <paramref name="queries"/>.</param>
    public abstract void Attend(Activations queries, Activations y);
}

/// <summary>What a layer's attention reads.</summary>
/// <param name="Group">Its KV group.</param>
/// <param name="KvLayer">The layer that stores the keys and values.</param>
/// <param name="NumQueryHeads">N.</param>
/// <param name="NumKvHeads">K.</param>
/// <param name="HeadDim">H.</param>
/// <param name="Rotary">Turns keys that are made from values.</param>
/// <param name="KeyScale">Scale <c>[H]</c> of keys that are made from values; null where keys are stored.</param>
internal sealed record AttentionSpec(
    KvGroupView Group, int KvLayer, int NumQueryHeads, int NumKvHeads, int HeadDim, RotaryFrequencies Rotary, StoredWeight? KeyScale);

/// <summary>What the rows of a step see in one KV group.</summary>
/// <param name="Index">Which of the step's KV groups.</param>
/// <param name="Window">Positions seen, the current one included; null sees all.</param>
/// <param name="BidirectionalMedia">True where the tokens of one media span see each other both ways.</param>
internal sealed record KvGroupView(int Index, int? Window, bool BidirectionalMedia);
