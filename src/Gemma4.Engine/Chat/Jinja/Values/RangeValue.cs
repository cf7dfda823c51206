namespace Gemma4.Engine.Chat.Jinja.Values;

/// <summary><c>range(start, stop, step)</c>.</summary>
internal sealed class RangeValue(long start, long stop, long step) : Value
{
    /// <summary>The sandbox's longest range.</summary>
    public const int MaxCount = 100_000;

    private readonly int _count = CountOf(start, stop, step);

    public override string TypeName => "range";

    public override int? Count => _count;

    public override bool IsIterable => true;

    public override bool IsSequence => true;

    public override IEnumerable<Value> Iterate(RenderContext context)
    {
        for (int i = 0; i < _count; i++)
            yield return IntValue.Of(start + (i * step));
    }

    public override Value? TryGetItem(Value key, RenderContext context)
    {
        if (!Numbers.TryIndex(key, out long index))
            return null;
        if (index < 0)
            index += _count;
        return index >= 0 && index < _count ? IntValue.Of(start + (index * step)) : null;
    }

    /// <summary>The range of the values at [first, last), every <paramref name="stride"/>th.</summary>
    public RangeValue Slice(int first, int last, long stride) => new(start + (first * step), start + (last * step), step * stride);

    public override bool ValueEquals(Value other) =>
        other is RangeValue range && range.Count == _count && (_count == 0 || range.Ends == Ends);

    public override int ValueHash() => _count > 0 ? HashCode.Combine(Numbers.HashOf(Ends.First), Numbers.HashOf(Ends.Last)) : 0;

    public override void WriteRepr(TextBuilder output) =>
        output.AppendData(step == 1 ? $"range({start}, {stop})" : $"range({start}, {stop}, {step})");

    private (long First, long Last) Ends => (start, start + ((_count - 1) * step));

    private static int CountOf(long start, long stop, long step)
    {
        if (step == 0)
            throw Fault.Value("range() arg 3 must not be zero");
        Int128 distance = (Int128)stop - start;
        Int128 count = step > 0 ? (distance + step - 1) / step : (distance + step + 1) / step;
        if (distance == 0 || (distance > 0) != (step > 0))
            return 0;
        if (count > MaxCount)
            throw Fault.Limit($"Range too big. The sandbox blocks ranges larger than MAX_RANGE ({MaxCount}).");
        return (int)count;
    }
}
