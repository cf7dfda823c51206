namespace Gemma4.Engine.Backends;

/// <summary>Logits of some rows in host memory, float32.</summary>
internal abstract class Logits
{
    /// <summary>All of one row, <c>[V]</c>.</summary>
    /// <exception cref="InvalidOperationException">Only the best of the row were asked for and brought to the host.</exception>
    public abstract ReadOnlySpan<float> this[int row] { get; }

    /// <summary>The best of one row where the backend has selected them; empty where <see cref="this"/> has all.</summary>
    public virtual BestLogits Best(int row) => default;
}

/// <summary>A row's best tokens, best first, the lower id first among equals. A logit that is not a number comes before all others.</summary>
/// <param name="ids">K of them.</param>
/// <param name="values">Their logits.</param>
internal readonly ref struct BestLogits(ReadOnlySpan<int> ids, ReadOnlySpan<float> values)
{
    /// <summary>Token ids.</summary>
    public ReadOnlySpan<int> Ids { get; } = ids;

    /// <summary>Their logits.</summary>
    public ReadOnlySpan<float> Values { get; } = values;

    /// <summary>True where nothing was selected.</summary>
    public bool IsEmpty => Ids.IsEmpty;
}
