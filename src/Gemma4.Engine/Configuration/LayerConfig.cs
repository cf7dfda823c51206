namespace Gemma4.Engine.Configuration;

/// <summary>One decoder layer of the text model.</summary>
public sealed record LayerConfig
{
    /// <summary>Place among the layers, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>How far back it looks.</summary>
    public required LayerKind Kind { get; init; }

    /// <summary>Width of a head, H.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Heads of keys and values, K; those of the owning layer where this one shares.</summary>
    public required int NumKvHeads { get; init; }

    /// <summary>The layer whose keys and values it reads: itself, or an earlier one of its kind.</summary>
    public required int KvLayerIndex { get; init; }

    /// <summary>True where the key projection gives the values too (<c>attention_k_eq_v</c>), so that there is no value projection.</summary>
    public required bool KeysAreValues { get; init; }

    /// <summary>Width of the dense feed-forward, F.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Its rotary embedding.</summary>
    public required RopeConfig Rope { get; init; }

    /// <summary>True where the layer computes and stores its own keys and values.</summary>
    public bool OwnsKv => KvLayerIndex == Index;

    /// <summary>What one position costs in the cache, in elements; keys that are values are stored once.</summary>
    public int KvElementsPerToken => (KeysAreValues ? 1 : 2) * NumKvHeads * HeadDim;
}
