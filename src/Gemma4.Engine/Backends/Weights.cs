namespace Gemma4.Engine.Backends;

/// <summary>The weights under one prefix of a store.</summary>
internal readonly struct Weights(WeightStore store, string prefix)
{
    /// <summary>The weights one level deeper.</summary>
    public Weights this[string name] => new(store, $"{prefix}{name}.");

    /// <summary>The weights of one entry of a list.</summary>
    public Weights this[int index] => new(store, $"{prefix}{index}.");

    /// <summary>A weight by the rest of its name.</summary>
    public StoredWeight Take(string name, params ReadOnlySpan<long> shape) => store.Take(prefix + name, shape);

    /// <summary>The matrix <c>[out, in]</c> of a product: <paramref name="name"/><c>.weight</c>.</summary>
    public StoredWeight Matrix(string name, int outFeatures, int inFeatures) => Take($"{name}.weight", outFeatures, inFeatures);

    /// <summary>The scale <c>[width]</c> of a norm: <paramref name="name"/><c>.weight</c>.</summary>
    public StoredWeight Scale(string name, int width) => Take($"{name}.weight", width);

    /// <summary>A table read by rows: <paramref name="name"/><c>.weight</c>.</summary>
    public StoredRows Rows(string name, int rows, int width) => store.TakeRows($"{prefix}{name}.weight", rows, width);
}
