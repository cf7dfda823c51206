using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja;

/// <summary>Slices of texts and sequences, with Python's rules for ends that are negative or too far.</summary>
internal static class Slicing
{
    public static Value Slice(Value value, Value? start, Value? stop, Value? step, RenderContext context)
    {
        if (value is UndefinedValue undefined)
            throw undefined.Fail();
        if (value is DictValue)
            throw Fault.Value("unhashable type: 'slice'");
        if (value is not (Text or SequenceValue or RangeValue))
            throw Fault.Value($"'{value.TypeName}' object is not subscriptable");
        int count = value.Count!.Value;
        (int first, int last, long stride) = Resolve(start, stop, step, count);
        return value switch
        {
            Text text => SliceText(text, first, last, stride, context),
            SequenceValue sequence => sequence.With([.. Positions(first, last, stride, context).Select(i => sequence.Items[i])]),
            _ => ((RangeValue)value).Slice(first, last, stride),
        };
    }

    private static Text SliceText(Text text, int first, int last, long stride, RenderContext context)
    {
        context.Budget.Read(text.Length);
        if (stride == 1)
        {
            int from = text.HasAstral ? CodePoints.Offset(text.Chars, first) : first;
            int to = text.HasAstral ? CodePoints.Offset(text.Chars, Math.Max(first, last)) : last;
            return text.Slice(from, to - from, context.Budget);
        }
        string chars = text.Chars;
        int[]? offsets = text.HasAstral ? Offsets(chars) : null;
        var builder = new TextBuilder(context.Budget);
        foreach (int i in Positions(first, last, stride, context))
        {
            int at = offsets?[i] ?? i;
            builder.Append(text, at, CodePoints.Width(chars, at));
        }
        return builder.ToText();
    }

    private static int[] Offsets(string chars)
    {
        var offsets = new List<int>();
        for (int i = 0; i < chars.Length; i += CodePoints.Width(chars, i))
            offsets.Add(i);
        return [.. offsets];
    }

    private static IEnumerable<int> Positions(int first, int last, long stride, RenderContext context)
    {
        for (long i = first; stride > 0 ? i < last : i > last; i += stride)
        {
            context.Budget.Step();
            context.Budget.Elements(1);
            yield return (int)i;
        }
    }

    private static (int First, int Last, long Step) Resolve(Value? start, Value? stop, Value? step, int count)
    {
        long stride = Index(step) ?? 1;
        if (stride == 0)
            throw Fault.Value("slice step cannot be zero");
        long lowest = stride > 0 ? 0 : -1;
        long highest = stride > 0 ? count : count - 1;
        return ((int)Clamp(Index(start), stride > 0 ? lowest : highest), (int)Clamp(Index(stop), stride > 0 ? highest : lowest), stride);

        long Clamp(long? index, long otherwise) => index switch
        {
            null => otherwise,
            < 0 => Math.Max(lowest, index.Value + count),
            _ => Math.Min(highest, index.Value),
        };
    }

    private static long? Index(Value? value)
    {
        if (value is null or NoneValue)
            return null;
        if (value is UndefinedValue || !Numbers.TryIndex(value, out long index))
            throw Fault.Value("slice indices must be integers or None or have an __index__ method");
        return index;
    }
}
