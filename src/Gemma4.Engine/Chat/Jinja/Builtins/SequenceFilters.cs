using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja.Builtins;

/// <summary>Filters on lists and whatever else can be walked.</summary>
internal static class SequenceFilters
{
    public static readonly IReadOnlyDictionary<string, Filter> All = new Dictionary<string, Filter>
    {
        ["list"] = (value, _, context) => new ListValue(value.ToList(context)),
        ["first"] = (value, _, context) => value.Iterate(context).FirstOrDefault() ?? new UndefinedValue("No first item, sequence was empty."),
        ["last"] = Last,
        ["join"] = Join,
        ["reverse"] = Reverse,
        ["sort"] = Sort,
        ["unique"] = Unique,
        ["groupby"] = GroupBy,
        ["batch"] = (value, arguments, context) => new GeneratorValue(Batch(value, arguments.BindRequired("batch", 1, "linecount", "fill_with"), context)),
        ["slice"] = (value, arguments, context) => new GeneratorValue(Slice(value, arguments.BindRequired("slice", 1, "slices", "fill_with"), context)),
        ["sum"] = Sum,
        ["min"] = (value, arguments, context) => Extreme(value, arguments, context, sign: -1),
        ["max"] = (value, arguments, context) => Extreme(value, arguments, context, sign: 1),
    };

    private static Value Last(Value value, Arguments arguments, RenderContext context)
    {
        IReadOnlyList<Value> items = Reversible(value, context);
        return items.Count > 0 ? items[^1] : new UndefinedValue("No last item, sequence was empty.");
    }

    private static IReadOnlyList<Value> Reversible(Value value, RenderContext context) => value switch
    {
        SequenceValue sequence => sequence.Items,
        DictView view => view.Items,
        Text or RangeValue or DictValue or UndefinedValue => value.ToList(context),
        _ => throw Fault.Value($"'{value.TypeName}' object is not reversible"),
    };

    private static Value Join(Value value, Arguments arguments, RenderContext context)
    {
        Value?[] given = arguments.Bind("join", "d", "attribute");
        Text separator = (given[0] ?? Text.Empty).ToText(context.Budget);
        Func<Value, Value> get = Sorting.Getter(given[1], null, context);
        var joined = new TextBuilder(context.Budget);
        bool isFirst = true;
        foreach (Value item in value.Iterate(context))
        {
            context.Budget.Step();
            if (!isFirst)
                joined.Append(separator);
            isFirst = false;
            joined.Append(get(item));
        }
        return joined.ToText();
    }

    private static Value Reverse(Value value, Arguments arguments, RenderContext context)
    {
        if (value is Text text)
            return Slicing.Slice(text, null, null, IntValue.Of(-1), context);
        if (value is GeneratorValue)
            return new ListValue([.. Enumerable.Reverse(value.ToList(context))]);
        if (!value.IsIterable)
            throw Fault.Value("argument must be iterable");
        return new GeneratorValue(Enumerable.Reverse(Reversible(value, context)));
    }

    private static Value Sort(Value value, Arguments arguments, RenderContext context)
    {
        Value?[] given = arguments.Bind("sort", "reverse", "case_sensitive", "attribute");
        bool isCaseSensitive = given[1] is { IsTrue: true };
        Func<Value, Value>[] getters = given[2] is Text names && names.Chars.Contains(',', StringComparison.Ordinal)
            ? [.. names.Chars.Split(',').Select(name => Sorting.Getter(Text.Template(name), null, context))]
            : [Sorting.Getter(given[2], null, context)];
        return new ListValue(Sorting.Sort(
            value.ToList(context),
            item => new ListValue([.. getters.Select(get => Sorting.Fold(get(item), isCaseSensitive, context))]),
            given[0] is { IsTrue: true },
            context));
    }

    private static Value Unique(Value value, Arguments arguments, RenderContext context)
    {
        Value?[] given = arguments.Bind("unique", "case_sensitive", "attribute");
        Func<Value, Value> get = Sorting.Getter(given[1], null, context);
        return new GeneratorValue(Distinct());

        IEnumerable<Value> Distinct()
        {
            var seen = new HashSet<Value>(ValueComparer.Instance);
            foreach (Value item in value.Iterate(context))
            {
                context.Budget.Step();
                Value key = Sorting.Fold(get(item), given[0] is { IsTrue: true }, context);
                if (!key.IsHashable)
                    throw Fault.Value($"unhashable type: '{key.TypeName}'");
                if (seen.Add(key))
                    yield return item;
            }
        }
    }

    private static Value GroupBy(Value value, Arguments arguments, RenderContext context)
    {
        Value?[] given = arguments.BindRequired("groupby", 1, "attribute", "default", "case_sensitive");
        bool isCaseSensitive = given[2] is { IsTrue: true };
        Func<Value, Value> get = Sorting.Getter(given[0], given[1], context);
        Value Key(Value item) => Sorting.Fold(get(item), isCaseSensitive, context);
        var groups = new List<(Value Key, List<Value> Items)>();
        foreach (Value item in Sorting.Sort(value.ToList(context), Key, isReversed: false, context))
        {
            Value key = Key(item);
            if (groups.Count == 0 || !Comparison.AreEqual(groups[^1].Key, key, context))
                groups.Add((key, []));
            groups[^1].Items.Add(item);
        }
        // A group is named as its first item spells it.
        return new ListValue([.. groups.Select(g => new TupleValue([get(g.Items[0]), new ListValue(g.Items)], "grouper", "list"))]);
    }

    // Like jinja2's, these complain of what they are given when they are walked, not before.
    private static IEnumerable<Value> Batch(Value value, Value?[] given, RenderContext context)
    {
        long size = Count(given[0]!, "linecount");
        var row = new List<Value>();
        foreach (Value item in value.Iterate(context))
        {
            context.Budget.Step();
            if (row.Count == size)
            {
                yield return new ListValue(row);
                row = [];
            }
            context.Budget.Elements(1);
            row.Add(item);
        }
        if (row.Count == 0)
            yield break;
        if (given[1] is { } filler and not NoneValue && row.Count < size)
        {
            context.Budget.Elements(size - row.Count);
            row.AddRange(Enumerable.Repeat(filler, (int)size - row.Count));
        }
        yield return new ListValue(row);
    }

    private static IEnumerable<Value> Slice(Value value, Value?[] given, RenderContext context)
    {
        long slices = Count(given[0]!, "slices");
        List<Value> items = value.ToList(context);
        if (slices == 0)
            throw Fault.Value("integer division or modulo by zero");
        int each = (int)(items.Count / slices);
        int longer = (int)(items.Count % slices);
        context.Budget.Elements(Math.Max(slices, 0));
        for (int i = 0, from = 0; i < slices; i++)
        {
            context.Budget.Step();
            int count = each + (i < longer ? 1 : 0);
            context.Budget.Elements(count + 1);
            List<Value> column = items.GetRange(from, count);
            if (given[1] is { } filler and not NoneValue && i >= longer)
                column.Add(filler);
            yield return new ListValue(column);
            from += count;
        }
    }

    private static long Count(Value value, string name) =>
        Numbers.TryIndex(value, out long count) ? count : throw Fault.Value($"{name} must be a whole number, not {value.TypeName}");

    private static Value Sum(Value value, Arguments arguments, RenderContext context)
    {
        Value?[] given = arguments.Bind("sum", "attribute", "start");
        Func<Value, Value> get = Sorting.Getter(given[0], null, context);
        Value total = given[1] ?? IntValue.Of(0);
        if (total is Text)
            throw Fault.Value("sum() can't sum strings [use ''.join(seq) instead]");
        foreach (Value item in value.Iterate(context))
        {
            context.Budget.Step();
            total = Arithmetic.Apply("+", total, get(item), context);
        }
        return total;
    }

    private static Value Extreme(Value value, Arguments arguments, RenderContext context, int sign)
    {
        Value?[] given = arguments.Bind(sign < 0 ? "min" : "max", "case_sensitive", "attribute");
        bool isCaseSensitive = given[0] is { IsTrue: true };
        Func<Value, Value> get = Sorting.Getter(given[1], null, context);
        Value? best = null;
        Value? bestKey = null;
        foreach (Value item in value.Iterate(context))
        {
            context.Budget.Step();
            Value key = Sorting.Fold(get(item), isCaseSensitive, context);
            if (bestKey is null || Comparison.Order(key, bestKey, context) * sign > 0)
                (best, bestKey) = (item, key);
        }
        return best ?? new UndefinedValue("No aggregated item, sequence was empty.");
    }
}
