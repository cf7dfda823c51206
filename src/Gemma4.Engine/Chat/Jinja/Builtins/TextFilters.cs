using System.Text;
using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja.Builtins;

/// <summary>Filters that make text of text; anything else is put into words first.</summary>
internal static class TextFilters
{
    public static readonly IReadOnlyDictionary<string, Filter> All = new Dictionary<string, Filter>
    {
        ["upper"] = On((text, _, context) => TextCase.Upper(text, context.Budget)),
        ["lower"] = On((text, _, context) => TextCase.Lower(text, context.Budget)),
        ["capitalize"] = On((text, _, context) => TextCase.Capitalize(text, context.Budget)),
        ["title"] = On((text, _, context) => TextCase.TitleWords(text, context.Budget)),
        ["trim"] = On(Trim),
        ["replace"] = On(Replace),
        ["indent"] = Indent,
        ["center"] = On(Center),
        ["truncate"] = Truncate,
        ["format"] = On(Format),
        ["wordcount"] = On((text, _, context) => IntValue.Of(CountWords(text.Chars))),
        ["escape"] = On(Escape),
        ["e"] = On(Escape),
        ["forceescape"] = On(Escape),
        ["safe"] = On((text, _, context) => text),
        ["striptags"] = On((text, _, context) => StripTags(text, context.Budget)),
        ["urlencode"] = UrlEncode,
    };

    private static Filter On(Func<Text, Arguments, RenderContext, Value> filter) =>
        (value, arguments, context) => filter(value.ToText(context.Budget), arguments, context);

    private static Text? TextOrNone(Value? value, RenderContext context) =>
        value is null or NoneValue ? null : value.ToText(context.Budget);

    private static long Whole(Value? value, long otherwise) => value switch
    {
        null => otherwise,
        _ when Numbers.TryIndex(value, out long number) => number,
        _ => throw Fault.Value($"'{value.TypeName}' object cannot be interpreted as an integer"),
    };

    private static Value Trim(Text text, Arguments arguments, RenderContext context) =>
        TextOperations.Strip(text, TextOrNone(arguments.Bind("trim", "chars")[0], context), atStart: true, atEnd: true, context.Budget);

    private static Value Replace(Text text, Arguments arguments, RenderContext context)
    {
        Value?[] given = arguments.BindRequired("replace", 2, "old", "new", "count");
        long limit = given[2] is null or NoneValue ? -1 : Whole(given[2], -1);
        return TextOperations.Replace(text, given[0]!.ToText(context.Budget), given[1]!.ToText(context.Budget), limit, context.Budget);
    }

    private static Value Indent(Value value, Arguments arguments, RenderContext context)
    {
        if (value is UndefinedValue undefined)
            throw undefined.Fail();
        if (value is not Text text)
            throw Fault.Value($"'{value.TypeName}' object has no attribute 'splitlines'");
        Value?[] given = arguments.Bind("indent", "width", "first", "blank");
        var margin = new TextBuilder(context.Budget);
        if (given[0] is Text literal)
            margin.Append(literal);
        else
            margin.AppendRepeated(Text.Template(" "), Whole(given[0], 4));
        Text indentation = margin.ToText();
        bool indentsBlank = given[2] is { IsTrue: true };
        Text ended = Text.Concat(text, Text.Template("\n"), context.Budget); // so that a last line end is a line of its own
        var builder = new TextBuilder(context.Budget);
        if (given[1] is { IsTrue: true })
            builder.Append(indentation);
        List<Value> lines = TextOperations.SplitLines(ended, keepsEnds: false, context.Budget);
        for (int i = 0; i < lines.Count; i++)
        {
            if (i > 0)
            {
                builder.Append("\n", Provenance.Template);
                if (indentsBlank || lines[i].IsTrue)
                    builder.Append(indentation);
            }
            builder.Append(lines[i]);
        }
        return builder.ToText();
    }

    private static Value Center(Text text, Arguments arguments, RenderContext context)
    {
        long width = Whole(arguments.Bind("center", "width")[0], 80);
        return TextOperations.Pad(text, width, Text.Template(" "), StringMethods.CenterLeft(width), context.Budget);
    }

    private static Value Truncate(Value value, Arguments arguments, RenderContext context)
    {
        Value?[] given = arguments.Bind("truncate", "length", "killwords", "end", "leeway");
        Text end = TextOrNone(given[2], context) ?? Text.Template("...");
        long length = Whole(given[0], 255);
        long leeway = given[3] is null or NoneValue ? 5 : Whole(given[3], 5);
        if (length < end.Count!.Value)
            throw Fault.Value($"expected length >= {end.Count}, got {length}");
        if (leeway < 0)
            throw Fault.Value($"expected leeway >= 0, got {leeway}");
        if ((value.Count ?? throw Fault.Value($"object of type '{value.TypeName}' has no len()")) <= length + leeway)
            return value;
        if (value is not Text text)
            throw Fault.Value($"can only concatenate str (not \"{value.TypeName}\") to str");
        var kept = (Text)Slicing.Slice(text, null, IntValue.Of(length - end.Count.Value), null, context);
        if (given[1] is not { IsTrue: true })
            kept = (Text)TextOperations.SplitFromEnd(kept, Text.Template(" "), 1, context.Budget)[0];
        return Text.Concat(kept, end, context.Budget);
    }

    private static Value Format(Text text, Arguments arguments, RenderContext context)
    {
        if (arguments.Positional.Count > 0 && arguments.Named.Count > 0)
            throw Fault.Value("can't handle positional and keyword arguments at the same time");
        Value values = arguments.Named.Count > 0
            ? new DictValue(arguments.Named.Select(pair => new KeyValuePair<Value, Value>(Text.Data(pair.Key), pair.Value)))
            : new TupleValue(arguments.Positional);
        return PercentFormat.Format(text, values, context);
    }

    private static int CountWords(string chars)
    {
        int words = 0;
        for (int i = 0; i < chars.Length; i++)
        {
            if (PythonText.IsWord(chars[i]) && (i == 0 || !PythonText.IsWord(chars[i - 1])))
                words++;
        }
        return words;
    }

    private static Value Escape(Text text, Arguments arguments, RenderContext context) => TextOperations.Translate(
        text,
        c => c switch { '&' => "&amp;", '<' => "&lt;", '>' => "&gt;", '"' => "&#34;", '\'' => "&#39;", _ => null },
        context.Budget);

    // What is left of a text with holes in it is data: a control token must not come about by closing one.
    private static Text StripTags(Text text, RenderBudget budget)
    {
        budget.Write(text.Length);
        var kept = new StringBuilder();
        string chars = text.Chars;
        int last = chars.LastIndexOf('>');
        for (int i = 0; i < chars.Length; i++)
        {
            int end = chars[i] == '<' && i < last ? chars.IndexOf('>', i) : -1;
            if (end < 0)
                kept.Append(chars[i]);
            else
                i = end;
        }
        return Text.Data(string.Join(' ', kept.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)));
    }

    private static Value UrlEncode(Value value, Arguments arguments, RenderContext context)
    {
        if (value is Text or not (DictValue or SequenceValue))
            return Quote(value, "/");
        IEnumerable<Value> pairs = value is DictValue dict ? DictMethods.Pairs(dict) : ((SequenceValue)value).Items;
        var parts = new List<string>();
        foreach (Value pair in pairs)
        {
            List<Value> two = pair.ToList(context);
            if (two.Count != 2)
                throw Fault.Value("urlencode needs pairs");
            parts.Add(Quote(two[0], "").Chars.Replace("%20", "+", StringComparison.Ordinal) + "=" + Quote(two[1], "").Chars.Replace("%20", "+", StringComparison.Ordinal));
        }
        return Text.Data(string.Join('&', parts));

        Text Quote(Value part, string safe)
        {
            Text text = part.ToText(context.Budget);
            context.Budget.Write(text.Length * 3L);
            var quoted = new StringBuilder();
            foreach (byte b in Encoding.UTF8.GetBytes(text.Chars))
            {
                if (char.IsAsciiLetterOrDigit((char)b) || "_.-~".Contains((char)b, StringComparison.Ordinal) || safe.Contains((char)b, StringComparison.Ordinal))
                    quoted.Append((char)b);
                else
                    quoted.Append('%').Append(b.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
            }
            return Text.Data(quoted.ToString());
        }
    }
}
