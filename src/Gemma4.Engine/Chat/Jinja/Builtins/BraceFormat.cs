using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja.Builtins;

/// <summary><c>'{} of {name:>5}'.format(...)</c>, looking attributes up as the sandbox does.</summary>
internal sealed class BraceFormat(Arguments arguments, RenderContext context)
{
    private int _next; // the next unnumbered value; -1 once values are numbered

    public static Text Format(Text format, Arguments arguments, RenderContext context) =>
        new BraceFormat(arguments, context).Format(format, depth: 2);

    private Text Format(Text format, int depth)
    {
        if (depth < 0)
            throw Fault.Value("Max string recursion exceeded");
        string chars = format.Chars;
        var output = new TextBuilder(context.Budget);
        for (int at = 0; at < chars.Length;)
        {
            int brace = chars.AsSpan(at).IndexOfAny('{', '}');
            output.Append(format, at, brace < 0 ? chars.Length - at : brace);
            if (brace < 0)
                break;
            at += brace;
            context.Budget.Step();
            if (at + 1 < chars.Length && chars[at + 1] == chars[at])
            {
                output.Append(format, at, 1);
                at += 2;
                continue;
            }
            if (chars[at] == '}')
                throw Fault.Value("Single '}' encountered in format string");
            int close = Closing(chars, at);
            output.Append(Field(format.Slice(at + 1, close - at - 1, context.Budget), depth));
            at = close + 1;
        }
        return output.ToText();
    }

    private static int Closing(string chars, int open)
    {
        int depth = 0;
        for (int i = open; i < chars.Length; i++)
        {
            depth += chars[i] switch { '{' => 1, '}' => -1, _ => 0 };
            if (depth == 0)
                return i;
        }
        throw Fault.Value("expected '}' before end of string");
    }

    private Text Field(Text field, int depth)
    {
        string chars = field.Chars;
        int bracket = 0;
        int end = 0;
        for (; end < chars.Length && (bracket > 0 || chars[end] is not (':' or '!')); end++)
            bracket += chars[end] switch { '[' => 1, ']' => -1, _ => 0 };
        Value value = Find(chars[..end]);
        int spec = end;
        if (end < chars.Length && chars[end] == '!')
        {
            char conversion = end + 1 < chars.Length ? chars[end + 1] : throw Fault.Value("unmatched '{' in format spec");
            value = Converted(value, conversion);
            spec = end + 2;
            if (spec < chars.Length && chars[spec] != ':')
                throw Fault.Value("expected ':' after conversion specifier");
        }
        Text format = spec < chars.Length ? Format(field.Slice(spec + 1, chars.Length - spec - 1, context.Budget), depth - 1) : Text.Empty;
        return FormatSpec.Parse(format).Apply(value, context);
    }

    private Text Converted(Value value, char conversion)
    {
        if (conversion == 's')
            return value.ToText(context.Budget);
        if (conversion is not ('r' or 'a'))
            throw Fault.Value($"Unknown conversion specifier '{conversion}'");
        var builder = new TextBuilder(context.Budget);
        value.WriteRepr(builder);
        return builder.ToText();
    }

    private Value Find(string path)
    {
        int end = path.AsSpan().IndexOfAny('.', '[');
        string first = end < 0 ? path : path[..end];
        Value value = First(first);
        for (int at = first.Length; at < path.Length;)
        {
            context.Budget.Step();
            int stop = path[at] == '[' ? path.IndexOf(']', at) : path.AsSpan(at + 1).IndexOfAny('.', '[') + at + 1;
            if (path[at] == '[' && stop < 0)
                throw Fault.Value("Missing ']' in format string");
            if (path[at] == '.' && stop == at)
                stop = path.Length;
            string name = path[(at + 1)..stop];
            if (name.Length == 0)
                throw Fault.Value("Empty attribute in format string");
            Value key = path[at] == '[' && int.TryParse(name, out int index) ? IntValue.Of(index) : Text.Template(name);
            value = path[at] == '[' ? Lookup.Item(value, key, context) : Lookup.Attribute(value, (Text)key, context);
            at = path[at] == '[' ? stop + 1 : stop;
        }
        return value;
    }

    private Value First(string name)
    {
        bool isNumber = int.TryParse(name, out int index);
        context.Budget.Step(arguments.Named.Count >> 3);
        if (name.Length > 0 && !isNumber)
            return arguments.Find(name) ?? throw Fault.Value($"there is no value for the format key '{name}'");
        if (isNumber ? _next > 0 : _next < 0)
            throw Fault.Value("cannot switch between manual field specification and automatic field numbering");
        if (isNumber)
            _next = -1;
        else
            index = _next++;
        return index < arguments.Positional.Count
            ? arguments.Positional[index]
            : throw Fault.Value($"Replacement index {index} out of range for positional args tuple");
    }
}
