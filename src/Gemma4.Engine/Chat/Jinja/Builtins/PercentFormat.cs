using System.Numerics;
using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja.Builtins;

/// <summary><c>'%s of %d' % (a, b)</c>.</summary>
internal sealed class PercentFormat
{
    private readonly Text _format;
    private readonly Value _values;
    private readonly IReadOnlyList<Value> _positional;
    private readonly RenderContext _context;
    private readonly TextBuilder _output;
    private int _at;
    private int _taken;

    private PercentFormat(Text format, Value values, RenderContext context)
    {
        (_format, _values, _context) = (format, values, context);
        _positional = values is TupleValue tuple ? tuple.Items : [values];
        _output = new TextBuilder(context.Budget);
    }

    public static Text Format(Text format, Value values, RenderContext context) => new PercentFormat(format, values, context).Run();

    private Text Run()
    {
        string chars = _format.Chars;
        while (_at < chars.Length)
        {
            int percent = chars.IndexOf('%', _at);
            _output.Append(_format, _at, (percent < 0 ? chars.Length : percent) - _at);
            if (percent < 0)
                break;
            _at = percent + 1;
            _context.Budget.Step();
            Convert(percent);
        }
        bool mayIgnoreRest = _values is DictValue or ListValue or RangeValue or UndefinedValue; // what can be subscribed by a key
        if (_taken < _positional.Count && !mayIgnoreRest)
            throw Fault.Value("not all arguments converted during string formatting");
        return _output.ToText();
    }

    private void Convert(int percent)
    {
        Value? named = Peek() == '(' ? Named() : null;
        int first = _at;
        while (Peek() is '-' or '+' or ' ' or '#' or '0')
            Read();
        string flags = _format.Chars[first.._at];
        long? width = Number();
        bool alignsLeft = flags.Contains('-', StringComparison.Ordinal) || width < 0;
        long? precision = null;
        if (Peek() == '.')
        {
            Read();
            precision = Number() ?? 0;
        }
        while (Peek() is 'l' or 'h' or 'L')
            Read();
        char type = Read();
        if (type == '%')
        {
            _output.Append(_format, percent, 1);
            return;
        }
        Value value = named ?? Take();
        Text text = type switch
        {
            's' => Cut(value.ToText(_context.Budget), precision),
            'r' or 'a' => Cut(Repr(value), precision),
            'c' => Character(value),
            'd' or 'i' or 'u' or 'x' or 'X' or 'o' or 'e' or 'E' or 'f' or 'F' or 'g' or 'G' => Number(value, type, precision, flags, width ?? 0),
            _ => throw Fault.Value($"unsupported format character '{type}' (0x{(int)type:x}) at index {_at - 1}"),
        };
        _output.Append(TextOperations.Pad(text, Math.Abs(width ?? 0), Text.Template(" "), missing => alignsLeft ? 0 : missing, _context.Budget));
    }

    private char Peek() => _at < _format.Length ? _format.Chars[_at] : '\0';

    private char Read() => _at < _format.Length ? _format.Chars[_at++] : throw Fault.Value("incomplete format");

    private long? Number()
    {
        if (Peek() == '*')
        {
            Read();
            return Numbers.TryIndex(Take(), out long given) ? given : throw Fault.Value("* wants int");
        }
        long? number = null;
        for (; char.IsAsciiDigit(Peek()); number = Math.Min(((number ?? 0) * 10) + Read() - '0', int.MaxValue))
        {
        }
        return number;
    }

    private Value Named()
    {
        int close = _format.Chars.IndexOf(')', _at);
        if (close < 0)
            throw Fault.Value("incomplete format key");
        if (_values is not DictValue dict)
            throw Fault.Value("format requires a mapping");
        string key = _format.Chars[(_at + 1)..close];
        _at = close + 1;
        return dict.Find(key) ?? throw Fault.Value($"there is no value for the format key '{key}'");
    }

    private Value Take() => _taken < _positional.Count ? _positional[_taken++] : throw Fault.Value("not enough arguments for format string");

    private Text Repr(Value value)
    {
        var builder = new TextBuilder(_context.Budget);
        value.WriteRepr(builder);
        return builder.ToText();
    }

    private Text Cut(Text text, long? precision) =>
        precision is { } length ? (Text)Slicing.Slice(text, null, IntValue.Of(length), null, _context) : text;

    private static Text Character(Value value)
    {
        if (value is Text { Count: 1 } text)
            return text;
        if (Numbers.TryIndex(value, out long code) && value is not FloatValue)
            return code is >= 0 and <= 0x10FFFF and not (>= 0xD800 and < 0xE000) ? Text.Data(char.ConvertFromUtf32((int)code)) : throw Fault.Value("%c arg not in range(0x110000)");
        throw Fault.Value("%c requires int or char");
    }

    private static Text Number(Value value, char type, long? precision, string flags, long width)
    {
        if (value is UndefinedValue undefined)
            throw undefined.Fail();
        if (!Numbers.TryDouble(value, out double number))
            throw Fault.Value($"%{type} format: a real number is required, not {value.TypeName}");
        bool isWhole = Numbers.TryInt(value, out BigInteger whole);
        string digits;
        if ("eEfFgG".Contains(type, StringComparison.Ordinal))
        {
            digits = NumberFormat.Float(number, (int?)precision, type, flags.Contains('#', StringComparison.Ordinal));
        }
        else
        {
            if (!isWhole && type is 'x' or 'X' or 'o')
                throw Fault.Value($"%{type} format: an integer is required, not {value.TypeName}");
            if (!isWhole && !double.IsFinite(number))
                throw Fault.Value($"cannot convert float {PythonFloat.Repr(number)} to integer");
            whole = isWhole ? whole : new BigInteger(number);
            digits = NumberFormat.Whole(whole, type).PadLeft((int)Math.Min(precision ?? 0, NumberFormat.MaxPrecision), '0');
            if (flags.Contains('#', StringComparison.Ordinal) && type is 'x' or 'X' or 'o')
                digits = $"0{type}{digits}";
        }
        bool isNegative = isWhole ? whole.Sign < 0 : double.IsNegative(number) && (char.IsAsciiLetter(type) && type is not ('d' or 'i' or 'u') || whole.Sign < 0);
        string sign = isNegative ? "-" : flags.Contains('+', StringComparison.Ordinal) ? "+" : flags.Contains(' ', StringComparison.Ordinal) ? " " : "";
        if (flags.Contains('0', StringComparison.Ordinal) && !flags.Contains('-', StringComparison.Ordinal) && double.IsFinite(number))
            digits = digits.PadLeft((int)Math.Clamp(width - sign.Length, 0, NumberFormat.MaxPrecision), '0');
        return Text.Data(sign + digits);
    }
}
