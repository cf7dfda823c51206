using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja.Builtins;

/// <summary>Functions every template can call.</summary>
internal static class Globals
{
    public static readonly IReadOnlyDictionary<string, Value> All = new Dictionary<string, Value>
    {
        ["range"] = new FunctionValue("range", Range),
        ["dict"] = new FunctionValue("dict", Dict),
        ["namespace"] = new FunctionValue("namespace", Namespace),
        ["cycler"] = new FunctionValue("cycler", (arguments, _) => new CyclerValue(arguments.Positional)),
        ["joiner"] = new FunctionValue("joiner", Joiner),
        ["raise_exception"] = new FunctionValue("raise_exception", Raise),
        ["strftime_now"] = new FunctionValue("strftime_now", StrftimeNow),
    };

    private static Value Range(Arguments arguments, RenderContext context)
    {
        if (arguments.Positional.Count == 0)
            throw Fault.Value("range expected at least 1 argument, got 0");
        Value?[] given = arguments.Bind("range", "start", "stop", "step");
        long first = Whole(given[0]!);
        return given[1] is null
            ? new RangeValue(0, first, 1)
            : new RangeValue(first, Whole(given[1]!), given[2] is null ? 1 : Whole(given[2]!));
    }

    private static long Whole(Value value) => value switch
    {
        UndefinedValue undefined => throw undefined.Fail(),
        _ when Numbers.TryIndex(value, out long number) => number,
        _ => throw Fault.Value($"'{value.TypeName}' object cannot be interpreted as an integer"),
    };

    private static Value Dict(Arguments arguments, RenderContext context)
    {
        Value? from = arguments.Positional.Count > 0 ? arguments.Positional[0] : null;
        IEnumerable<KeyValuePair<Value, Value>> entries = from switch
        {
            null => [],
            DictValue dict => dict.Entries,
            _ => from.ToList(context).Select(item => item.ToList(context) is [var key, var value]
                ? new KeyValuePair<Value, Value>(key, value)
                : throw Fault.Value("dictionary update sequence elements must be pairs")),
        };
        return new DictValue([.. entries, .. Named(arguments)]);
    }

    private static Value Namespace(Arguments arguments, RenderContext context)
    {
        IEnumerable<KeyValuePair<Value, Value>> entries = ((DictValue)Dict(arguments, context)).Entries;
        return new NamespaceValue(entries.Select(entry => new KeyValuePair<string, Value>(entry.Key.ToText(context.Budget).Chars, entry.Value)));
    }

    private static IEnumerable<KeyValuePair<Value, Value>> Named(Arguments arguments) =>
        arguments.Named.Select(pair => new KeyValuePair<Value, Value>(Text.Data(pair.Key), pair.Value));

    private static Value Joiner(Arguments arguments, RenderContext context)
    {
        Value separator = arguments.Bind("joiner", "sep")[0] ?? Text.Template(", ");
        bool isUsed = false;
        return new FunctionValue("joiner", (_, _) =>
        {
            Value text = isUsed ? separator : Text.Empty;
            isUsed = true;
            return text;
        });
    }

    private static Value Raise(Arguments arguments, RenderContext context)
    {
        Value message = arguments.BindRequired("raise_exception", 1, "message")[0]!;
        throw new Fault(ChatTemplateErrorKind.Raised, message.ToText(context.Budget).Chars);
    }

    private static Value StrftimeNow(Arguments arguments, RenderContext context)
    {
        Value format = arguments.BindRequired("strftime_now", 1, "format")[0]!;
        return format is Text text
            ? Text.Data(Strftime.Format(context.Clock.GetLocalNow(), text.Chars, context.Budget))
            : throw Fault.Value($"strftime() argument 1 must be str, not {format.TypeName}");
    }
}
