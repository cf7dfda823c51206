using System.Numerics;
using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja.Builtins;

/// <summary>Filters on any value, and on numbers.</summary>
internal static class ValueFilters
{
    public static readonly IReadOnlyDictionary<string, Filter> All = new Dictionary<string, Filter>
    {
        ["default"] = Default,
        ["d"] = Default,
        ["length"] = Length,
        ["count"] = Length,
        ["string"] = (value, _, context) => value.ToText(context.Budget),
        ["tojson"] = ToJson,
        ["pprint"] = (value, _, context) => Repr(value, context),
        ["int"] = Int,
        ["float"] = Float,
        ["abs"] = Abs,
        ["round"] = Round,
        ["attr"] = Attribute,
        ["items"] = Items,
        ["dictsort"] = DictSort,
    };

    private static Value Default(Value value, Arguments arguments, RenderContext context)
    {
        Value?[] given = arguments.Bind("default", "default_value", "boolean");
        bool isMissing = value is UndefinedValue || (given[1] is { IsTrue: true } && !value.IsTrue);
        return isMissing ? given[0] ?? Text.Empty : value;
    }

    private static Value Length(Value value, Arguments arguments, RenderContext context) =>
        value.Count is { } count ? IntValue.Of(count) : throw Fault.Value($"object of type '{value.TypeName}' has no len()");

    private static Text Repr(Value value, RenderContext context)
    {
        var builder = new TextBuilder(context.Budget);
        value.WriteRepr(builder);
        return builder.ToText();
    }

    private static Value ToJson(Value value, Arguments arguments, RenderContext context)
    {
        Value?[] given = arguments.Bind("tojson", "ensure_ascii", "indent", "separators", "sort_keys");
        var style = JsonStyle.Of(given[0] is { IsTrue: true }, given[1], given[2], given[3] is { IsTrue: true }, context);
        var builder = new TextBuilder(context.Budget);
        new JsonWriter(builder, style, context).Write(value);
        return builder.ToText();
    }

    private static Value Int(Value value, Arguments arguments, RenderContext context)
    {
        Value?[] given = arguments.Bind("int", "default", "base");
        if (value is UndefinedValue undefined)
            throw undefined.Fail();
        if (Numbers.TryInt(value, out BigInteger whole))
            return new IntValue(whole);
        long numberBase = given[1] is { } b && Numbers.TryIndex(b, out long asked) ? asked : 10;
        long length = Math.Min((value as Text)?.Length ?? 0, Digits.MaxDigits);
        context.Budget.Step(length * length >> 8); // the time to read digits is the square of their number
        if (value is Text text && Digits.TryParse(text.Chars, (int)numberBase, out BigInteger parsed))
            return new IntValue(parsed);
        double read = double.NaN;
        bool isNumber = value is Text digits ? PythonFloat.TryParse(digits.Chars, out read) : Numbers.TryDouble(value, out read);
        return isNumber && double.IsFinite(read) ? new IntValue(new BigInteger(read)) : given[0] ?? IntValue.Of(0);
    }

    private static Value Float(Value value, Arguments arguments, RenderContext context)
    {
        Value?[] given = arguments.Bind("float", "default");
        if (value is UndefinedValue undefined)
            throw undefined.Fail();
        double number = 0;
        bool isNumber = value is Text text ? PythonFloat.TryParse(text.Chars, out number) : Numbers.TryDouble(value, out number);
        return isNumber ? new FloatValue(number) : given[0] ?? new FloatValue(0);
    }

    private static Value Abs(Value value, Arguments arguments, RenderContext context) => value switch
    {
        UndefinedValue undefined => throw undefined.Fail(),
        FloatValue f => new FloatValue(Math.Abs(f.Number)),
        _ when Numbers.TryInt(value, out BigInteger whole) => new IntValue(BigInteger.Abs(whole)),
        _ => throw Fault.Value($"bad operand type for abs(): '{value.TypeName}'"),
    };

    private static Value Round(Value value, Arguments arguments, RenderContext context)
    {
        Value?[] given = arguments.Bind("round", "precision", "method");
        string method = given[1]?.ToText(context.Budget).Chars ?? "common";
        if (method is not ("common" or "ceil" or "floor"))
            throw Fault.Value("method must be common, ceil or floor");
        long precision = 0;
        if (given[0] is { } p && !Numbers.TryIndex(p, out precision))
            throw Fault.Value($"'{p.TypeName}' object cannot be interpreted as an integer");
        if (value is UndefinedValue undefined)
            throw undefined.Fail();
        if (!Numbers.TryDouble(value, out double number))
            throw Fault.Value($"type {value.TypeName} doesn't define __round__ method");
        context.Budget.Step(Math.Min(Math.Abs(precision), PythonRound.MaxDigits)); // which computes with as many digits
        if (method == "common" && Numbers.TryInt(value, out BigInteger whole))
            return new IntValue(precision >= 0 ? whole : PythonRound.Whole(whole, precision));
        if (method == "common")
            return new FloatValue(PythonRound.Float(number, precision));
        double scale = Math.Pow(10, precision);
        return new FloatValue((method == "ceil" ? Math.Ceiling(number * scale) : Math.Floor(number * scale)) / scale);
    }

    private static Value Attribute(Value value, Arguments arguments, RenderContext context)
    {
        Text name = arguments.BindRequired("attr", 1, "name")[0]!.ToText(context.Budget);
        if (value is UndefinedValue undefined)
            throw undefined.Fail();
        if (name.Chars.StartsWith("__", StringComparison.Ordinal))
            return UndefinedValue.Unsafe(value, name.Chars);
        return value.TryGetAttribute(name.Chars, context) ?? UndefinedValue.Attribute(value, name.Chars);
    }

    private static Value Items(Value value, Arguments arguments, RenderContext context)
    {
        arguments.Bind("items");
        return new GeneratorValue(Pairs()); // which complains of what it is given when it is walked, not before

        IEnumerable<Value> Pairs()
        {
            foreach (Value pair in value switch
            {
                UndefinedValue => [],
                DictValue dict => DictMethods.Pairs(dict),
                _ => throw Fault.Value("Can only get item pairs from a mapping."),
            })
                yield return pair;
        }
    }

    private static Value DictSort(Value value, Arguments arguments, RenderContext context)
    {
        Value?[] given = arguments.Bind("dictsort", "case_sensitive", "by", "reverse");
        if (value is UndefinedValue undefined)
            throw undefined.Fail();
        if (value is not DictValue dict)
            throw Fault.Value($"'{value.TypeName}' object has no attribute 'items'");
        string by = given[1]?.ToText(context.Budget).Chars ?? "key";
        if (by is not ("key" or "value"))
            throw Fault.Value("You can only sort by either \"key\" or \"value\"");
        bool isCaseSensitive = given[0] is { IsTrue: true };
        List<Value> pairs = [.. DictMethods.Pairs(dict)];
        return new ListValue(Sorting.Sort(
            pairs, pair => Sorting.Fold(((TupleValue)pair).Items[by == "key" ? 0 : 1], isCaseSensitive, context), given[2] is { IsTrue: true }, context));
    }
}
