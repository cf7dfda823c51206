namespace Gemma4.Engine.Chat.Jinja.Values;

/// <summary>A list or a tuple. Never changed after it is made.</summary>
internal abstract class SequenceValue(IReadOnlyList<Value> items) : Value
{
    private const long MaxWeight = 1L << 48;

    public IReadOnlyList<Value> Items => items;

    public override int? Count => items.Count;

    // Counted once, as sequences may hold one another many times over: walking them all could take forever.
    public override long Weight { get; } = WeightOf(items);

    public override bool IsIterable => true;

    public override bool IsSequence => true;

    /// <summary>The same kind of sequence with other items.</summary>
    public abstract SequenceValue With(IReadOnlyList<Value> other);

    public override IEnumerable<Value> Iterate(RenderContext context) => items;

    public override Value? TryGetItem(Value key, RenderContext context)
    {
        if (!Numbers.TryIndex(key, out long index))
            return null;
        if (index < 0)
            index += items.Count;
        return index >= 0 && index < items.Count ? items[(int)index] : null;
    }

    public override bool ValueEquals(Value other)
    {
        if (ReferenceEquals(this, other))
            return true;
        if (other is not SequenceValue sequence || sequence.GetType() != GetType() || sequence.Items.Count != items.Count)
            return false;
        RenderBudget.EnsureStack();
        for (int i = 0; i < items.Count; i++)
        {
            if (!items[i].ValueEquals(sequence.Items[i]))
                return false;
        }
        return true;
    }

    public override Value? TryGetAttribute(string name, RenderContext context) => Builtins.SequenceMethods.TryBind(this, name);

    /// <summary>The weight of values together; at most <see cref="MaxWeight"/>, so that sums of sums do not overflow.</summary>
    public static long WeightOf(IEnumerable<Value> values)
    {
        long weight = 0;
        foreach (Value value in values)
            weight = Math.Min(MaxWeight, weight + 1 + value.Weight);
        return weight;
    }

    /// <summary>Writes the items, separated by commas.</summary>
    protected void WriteItems(TextBuilder output)
    {
        RenderBudget.EnsureStack();
        for (int i = 0; i < items.Count; i++)
        {
            if (i > 0)
                output.AppendData(", ");
            items[i].WriteRepr(output);
        }
    }
}
