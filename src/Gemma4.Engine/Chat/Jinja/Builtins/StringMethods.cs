using System.Globalization;
using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja.Builtins;

/// <summary>What <c>str</c> has.</summary>
internal static class StringMethods
{
    private static readonly MethodTable<Text> Methods = new(new()
    {
        ["upper"] = (text, arguments, context) => None(arguments, "upper", TextCase.Upper(text, context.Budget)),
        ["lower"] = (text, arguments, context) => None(arguments, "lower", TextCase.Lower(text, context.Budget)),
        ["casefold"] = (text, arguments, context) => None(arguments, "casefold", CaseFold(text, context)),
        ["title"] = (text, arguments, context) => None(arguments, "title", TextCase.Title(text, context.Budget)),
        ["capitalize"] = (text, arguments, context) => None(arguments, "capitalize", TextCase.Capitalize(text, context.Budget)),
        ["swapcase"] = (text, arguments, context) => None(arguments, "swapcase", TextCase.SwapCase(text, context.Budget)),
        ["strip"] = (text, arguments, context) => Strip(text, arguments, context, atStart: true, atEnd: true),
        ["lstrip"] = (text, arguments, context) => Strip(text, arguments, context, atStart: true, atEnd: false),
        ["rstrip"] = (text, arguments, context) => Strip(text, arguments, context, atStart: false, atEnd: true),
        ["split"] = (text, arguments, context) => Split(text, arguments, context, TextOperations.Split),
        ["rsplit"] = (text, arguments, context) => Split(text, arguments, context, TextOperations.SplitFromEnd),
        ["splitlines"] = SplitLines,
        ["partition"] = (text, arguments, context) => Partition(text, arguments, context, fromEnd: false),
        ["rpartition"] = (text, arguments, context) => Partition(text, arguments, context, fromEnd: true),
        ["replace"] = Replace,
        ["join"] = Join,
        ["startswith"] = (text, arguments, context) => Affix(text, arguments, context, isStart: true),
        ["endswith"] = (text, arguments, context) => Affix(text, arguments, context, isStart: false),
        ["removeprefix"] = RemovePrefix,
        ["removesuffix"] = RemoveSuffix,
        ["find"] = (text, arguments, context) => Find(text, arguments, context, "find", fromEnd: false),
        ["rfind"] = (text, arguments, context) => Find(text, arguments, context, "rfind", fromEnd: true),
        ["index"] = (text, arguments, context) => Find(text, arguments, context, "index", fromEnd: false),
        ["rindex"] = (text, arguments, context) => Find(text, arguments, context, "rindex", fromEnd: true),
        ["count"] = Count,
        ["center"] = (text, arguments, context) => Pad(text, arguments, context, "center", CenterLeft),
        ["ljust"] = (text, arguments, context) => Pad(text, arguments, context, "ljust", _ => _ => 0),
        ["rjust"] = (text, arguments, context) => Pad(text, arguments, context, "rjust", _ => missing => missing),
        ["zfill"] = ZeroFill,
        ["expandtabs"] = ExpandTabs,
        ["format"] = (text, arguments, context) => BraceFormat.Format(text, arguments, context),
        ["format_map"] = (text, arguments, context) => BraceFormat.Format(text, FromMapping(arguments), context),
        ["isalnum"] = All(c => char.IsLetterOrDigit(c) || IsNumeric(c)),
        ["isalpha"] = All(char.IsLetter),
        ["isascii"] = (text, arguments, _) => None(arguments, "isascii", BoolValue.Of(System.Text.Ascii.IsValid(text.Chars))),
        ["isdecimal"] = All(char.IsDigit),
        ["isdigit"] = All(c => CharUnicodeInfo.GetDigitValue(c) >= 0),
        ["isnumeric"] = All(IsNumeric),
        ["isspace"] = All(PythonText.IsSpace),
        ["islower"] = (text, arguments, _) => None(arguments, "islower", BoolValue.Of(TextCase.IsLower(text.Chars))),
        ["isupper"] = (text, arguments, _) => None(arguments, "isupper", BoolValue.Of(TextCase.IsUpper(text.Chars))),
        ["istitle"] = (text, arguments, context) => None(arguments, "istitle", BoolValue.Of(
            text.Chars == TextCase.Title(text, context.Budget).Chars && text.Chars.Any(c => char.IsUpper(c) || char.IsLower(c)))),
        ["isidentifier"] = (text, _, _) => BoolValue.Of(text.Length > 0 && !char.IsDigit(text.Chars[0]) && text.Chars.All(PythonText.IsWord)),
        ["isprintable"] = (text, _, _) => BoolValue.Of(text.Chars.EnumerateRunes().All(rune => PythonRepr.IsPrintable(rune.Value))),
    });

    public static Value? TryBind(Text text, string name) => Methods.TryBind(text, name) is FunctionValue method
        ? new FunctionValue(name, (arguments, context) =>
        {
            context.Budget.Read(text.Length);
            return method.Call(arguments, context);
        })
        : null;

    /// <summary>How many of the missing characters <c>center</c> puts before the text.</summary>
    public static Func<long, long> CenterLeft(long width) => missing => (missing / 2) + (missing & width & 1);

    private static Value None(Arguments arguments, string name, Value result)
    {
        arguments.Bind(name);
        return result;
    }

    private static Func<Text, Arguments, RenderContext, Value> All(Func<char, bool> holds) =>
        (text, _, _) => BoolValue.Of(text.Length > 0 && text.Chars.All(holds));

    private static bool IsNumeric(char c) => char.IsNumber(c) || CharUnicodeInfo.GetNumericValue(c) >= 0;

    private static Text CaseFold(Text text, RenderContext context) =>
        TextOperations.Translate(TextCase.Lower(text, context.Budget), c => c switch { 'ß' => "ss", 'ς' => "σ", _ => null }, context.Budget);

    private static Text AsText(Value? value, string method) => value switch
    {
        Text text => text,
        UndefinedValue undefined => throw undefined.Fail(),
        _ => throw Fault.Value($"{method}() needs str, not {value?.TypeName ?? "nothing"}"),
    };

    private static Text? AsTextOrNone(Value? value, string method) => value is null or NoneValue ? null : AsText(value, method);

    private static long AsWhole(Value? value, long otherwise) => value switch
    {
        null => otherwise,
        UndefinedValue undefined => throw undefined.Fail(),
        _ when Numbers.TryIndex(value, out long number) => number,
        _ => throw Fault.Value($"'{value.TypeName}' object cannot be interpreted as an integer"),
    };

    private static Value Strip(Text text, Arguments arguments, RenderContext context, bool atStart, bool atEnd) =>
        TextOperations.Strip(text, AsTextOrNone(arguments.Bind("strip", "chars")[0], "strip"), atStart, atEnd, context.Budget);

    private static Value Split(
        Text text, Arguments arguments, RenderContext context, Func<Text, Text?, long, RenderBudget, List<Value>> split)
    {
        Value?[] given = arguments.Bind("split", "sep", "maxsplit");
        return new ListValue(split(text, AsTextOrNone(given[0], "split"), AsWhole(given[1], -1), context.Budget));
    }

    private static Value SplitLines(Text text, Arguments arguments, RenderContext context) =>
        new ListValue(TextOperations.SplitLines(text, arguments.Bind("splitlines", "keepends")[0] is { IsTrue: true }, context.Budget));

    private static Value Partition(Text text, Arguments arguments, RenderContext context, bool fromEnd)
    {
        Text separator = AsText(arguments.BindRequired("partition", 1, "sep")[0], "partition");
        if (separator.Length == 0)
            throw Fault.Value("empty separator");
        context.Budget.Search(text.Length, separator.Length);
        int at = fromEnd
            ? text.Chars.LastIndexOf(separator.Chars, StringComparison.Ordinal)
            : text.Chars.IndexOf(separator.Chars, StringComparison.Ordinal);
        if (at < 0)
            return new TupleValue(fromEnd ? [Text.Empty, Text.Empty, text] : [text, Text.Empty, Text.Empty]);
        int after = at + separator.Length;
        Text found = text.Slice(at, separator.Length, context.Budget); // its own characters, which may come from elsewhere than the separator's
        return new TupleValue([text.Slice(0, at, context.Budget), found, text.Slice(after, text.Length - after, context.Budget)]);
    }

    private static Value Replace(Text text, Arguments arguments, RenderContext context)
    {
        Value?[] given = arguments.BindRequired("replace", 2, "old", "new", "count");
        return TextOperations.Replace(text, AsText(given[0], "replace"), AsText(given[1], "replace"), AsWhole(given[2], -1), context.Budget);
    }

    private static Value Join(Text text, Arguments arguments, RenderContext context)
    {
        var joined = new TextBuilder(context.Budget);
        bool isFirst = true;
        foreach (Value item in arguments.BindRequired("join", 1, "iterable")[0]!.Iterate(context))
        {
            context.Budget.Step();
            if (!isFirst)
                joined.Append(text);
            isFirst = false;
            joined.Append(AsText(item, "join"));
        }
        return joined.ToText();
    }

    private static Value Affix(Text text, Arguments arguments, RenderContext context, bool isStart)
    {
        string method = isStart ? "startswith" : "endswith";
        Value?[] given = arguments.BindRequired(method, 1, "affix", "start", "end");
        Text part = given[1] is null && given[2] is null ? text : (Text)Slicing.Slice(text, given[1], given[2], null, context);
        IReadOnlyList<Value> affixes = given[0] is TupleValue several ? several.Items : [given[0]!];
        return BoolValue.Of(affixes.Any(value =>
        {
            Text affix = AsText(value, method);
            context.Budget.Step(1 + affix.Weight);
            return isStart ? part.Chars.StartsWith(affix.Chars, StringComparison.Ordinal) : part.Chars.EndsWith(affix.Chars, StringComparison.Ordinal);
        }));
    }

    private static Value RemovePrefix(Text text, Arguments arguments, RenderContext context)
    {
        Text prefix = AsText(arguments.BindRequired("removeprefix", 1, "prefix")[0], "removeprefix");
        return text.Chars.StartsWith(prefix.Chars, StringComparison.Ordinal)
            ? text.Slice(prefix.Length, text.Length - prefix.Length, context.Budget) : text;
    }

    private static Value RemoveSuffix(Text text, Arguments arguments, RenderContext context)
    {
        Text suffix = AsText(arguments.BindRequired("removesuffix", 1, "suffix")[0], "removesuffix");
        return text.Chars.EndsWith(suffix.Chars, StringComparison.Ordinal) ? text.Slice(0, text.Length - suffix.Length, context.Budget) : text;
    }

    private static Value Find(Text text, Arguments arguments, RenderContext context, string method, bool fromEnd)
    {
        Value?[] given = arguments.BindRequired(method, 1, "sub", "start", "end");
        Text wanted = AsText(given[0], method);
        context.Budget.Search(text.Length, wanted.Length);
        long count = text.Count!.Value;
        long from = Clamp(AsWhole(given[1], 0));
        long to = Clamp(AsWhole(given[2], count));
        var part = (Text)Slicing.Slice(text, IntValue.Of(from), IntValue.Of(to), null, context);
        int at = from > to ? -1 : fromEnd
            ? part.Chars.LastIndexOf(wanted.Chars, StringComparison.Ordinal)
            : part.Chars.IndexOf(wanted.Chars, StringComparison.Ordinal);
        if (at < 0)
            return method.EndsWith("find", StringComparison.Ordinal) ? IntValue.Of(-1) : throw Fault.Value("substring not found");
        return IntValue.Of(from + (part.HasAstral ? CodePoints.Index(part.Chars, at) : at));

        long Clamp(long index) => Math.Clamp(index < 0 ? index + count : index, 0, index > count ? count + 1 : count);
    }

    private static Value Count(Text text, Arguments arguments, RenderContext context)
    {
        Value?[] given = arguments.BindRequired("count", 1, "sub", "start", "end");
        Text wanted = AsText(given[0], "count");
        var part = (Text)Slicing.Slice(text, given[1], given[2], null, context);
        if (wanted.Length == 0)
            return IntValue.Of(part.Count!.Value + 1);
        context.Budget.Search(text.Length, wanted.Length);
        return IntValue.Of(part.Chars.AsSpan().Count(wanted.Chars));
    }

    private static Value Pad(Text text, Arguments arguments, RenderContext context, string method, Func<long, Func<long, long>> left)
    {
        Value?[] given = arguments.BindRequired(method, 1, "width", "fillchar");
        Text fill = given[1] is null ? Text.Template(" ") : AsText(given[1], method);
        if (fill.Count != 1)
            throw Fault.Value("The fill character must be exactly one character long");
        long width = AsWhole(given[0], 0);
        return TextOperations.Pad(text, width, fill, left(width), context.Budget);
    }

    private static Value ZeroFill(Text text, Arguments arguments, RenderContext context)
    {
        long width = AsWhole(arguments.BindRequired("zfill", 1, "width")[0], 0);
        int sign = text.Length > 0 && text.Chars[0] is '+' or '-' ? 1 : 0;
        Text digits = text.Slice(sign, text.Length - sign, context.Budget);
        digits = TextOperations.Pad(digits, width - sign, Text.Template("0"), missing => missing, context.Budget);
        return Text.Concat(text.Slice(0, sign, context.Budget), digits, context.Budget);
    }

    private static Value ExpandTabs(Text text, Arguments arguments, RenderContext context)
    {
        long size = AsWhole(arguments.Bind("expandtabs", "tabsize")[0], 8);
        var expanded = new TextBuilder(context.Budget);
        string chars = text.Chars;
        long column = 0;
        for (int i = 0; i < chars.Length; i += CodePoints.Width(chars, i))
        {
            if (chars[i] != '\t')
            {
                expanded.Append(text, i, CodePoints.Width(chars, i));
                column = chars[i] is '\n' or '\r' ? 0 : column + 1;
                continue;
            }
            long blanks = size > 0 ? size - (column % size) : 0;
            expanded.AppendRepeated(Text.Template(" "), blanks);
            column += blanks;
        }
        return expanded.ToText();
    }

    private static Arguments FromMapping(Arguments arguments) =>
        arguments.BindRequired("format_map", 1, "mapping")[0] is DictValue dict
            ? new Arguments([], [.. dict.Entries.Where(e => e.Key is Text).Select(e => new KeyValuePair<string, Value>(((Text)e.Key).Chars, e.Value))])
            : throw Fault.Value("format_map() needs a mapping");
}
