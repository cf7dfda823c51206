namespace Gemma4.Engine.Chat.Jinja.Values;

/// <summary>A tuple: what <c>a, b</c> and <c>dict.items()</c> give.</summary>
/// <param name="items">Its values.</param>
/// <param name="names">Names of the values by position, for those that have them (<c>groupby</c>).</param>
internal sealed class TupleValue(IReadOnlyList<Value> items, params string[] names) : SequenceValue(items)
{
    /// <summary>Values in a key of a dict, those inside its values included.</summary>
    private const int MaxKeyWeight = 1000;

    public override string TypeName => "tuple";

    public override bool IsHashable { get; } = items.All(item => item.IsHashable);

    public override SequenceValue With(IReadOnlyList<Value> other) => new TupleValue(other);

    public override Value? TryGetAttribute(string name, RenderContext context)
    {
        int at = Array.IndexOf(names, name);
        return at >= 0 ? Items[at] : base.TryGetAttribute(name, context);
    }

    public override int ValueHash()
    {
        if (Weight > MaxKeyWeight)
            throw Fault.Limit($"a tuple of more than {MaxKeyWeight} values, or as much text, is a key");
        var hash = new HashCode();
        foreach (Value item in Items)
            hash.Add(item.ValueHash());
        return hash.ToHashCode();
    }

    public override void WriteRepr(TextBuilder output)
    {
        output.AppendData("(");
        WriteItems(output);
        output.AppendData(Items.Count == 1 ? ",)" : ")");
    }
}
