using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.RegularExpressions;
using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja.Builtins;

/// <summary>What follows the colon of a format field: <c>[[fill]align][sign][#][0][width][,][.precision][type]</c>.</summary>
internal sealed partial class FormatSpec
{
    private readonly Text _fill;
    private readonly char _align; // '\0': as the value likes
    private readonly string _sign;
    private readonly bool _isAlternate;
    private readonly long _width;
    private readonly string _grouping;
    private readonly int? _precision;
    private readonly char _type;

    private FormatSpec(Match match, Text fill)
    {
        _fill = fill;
        _align = First("align");
        _sign = match.Groups["sign"].Value;
        _isAlternate = match.Groups["alternate"].Success;
        if (match.Groups["zero"].Success && _align == '\0')
            (_fill, _align) = (Text.Template("0"), '=');
        _width = Number("width") ?? 0;
        _grouping = match.Groups["grouping"].Value;
        _precision = (int?)Number("precision");
        _type = First("type");

        char First(string name) => match.Groups[name] is { Length: > 0 } group ? group.Value[0] : '\0';
        long? Number(string name) => match.Groups[name] is { Length: > 0 } group
            ? long.TryParse(group.Value, out long number) && number <= int.MaxValue ? number : throw Fault.Value("Too many decimal digits in format string")
            : null;
    }

    public static FormatSpec Parse(Text spec)
    {
        Match match = Pattern().Match(spec.Chars);
        return match.Success
            ? new FormatSpec(match, match.Groups["fill"].Length > 0 ? Text.Data(match.Groups["fill"].Value) : Text.Template(" "))
            : throw Fault.Value($"Invalid format specifier '{spec.Chars}'");
    }

    public Text Apply(Value value, RenderContext context)
    {
        if (Numbers.IsNumber(value) && !(value is BoolValue && _type == '\0'))
            return Number(value, context);
        Text text = value.ToText(context.Budget);
        if (_type is not ('\0' or 's') || _align == '=' || _sign.Length > 0)
            throw Fault.Value($"Unknown format code '{_type}' for object of type '{value.TypeName}'");
        if (_precision is { } length)
            text = (Text)Slicing.Slice(text, null, IntValue.Of(length), null, context);
        return Align(text, _align == '\0' ? '<' : _align, context);
    }

    private Text Number(Value value, RenderContext context)
    {
        Numbers.TryDouble(value, out double number);
        bool isWhole = Numbers.TryInt(value, out BigInteger whole);
        bool asWhole = isWhole && _type is '\0' or 'd' or 'n' or 'x' or 'X' or 'o' or 'b';
        if (!isWhole && asWhole)
            throw Fault.Value($"Unknown format code '{_type}' for object of type 'float'");
        bool isNegative = isWhole ? whole.Sign < 0 : double.IsNegative(number);
        string digits = asWhole ? NumberFormat.Whole(whole, _type)
            : _type == '\0' && _precision is null ? PythonFloat.Repr(Math.Abs(number))
            : NumberFormat.Float(number, _precision, _type == '\0' ? 'g' : _type, _isAlternate);
        if (_grouping.Length > 0)
            digits = Grouped(digits, _grouping);
        string sign = (isNegative ? "-" : _sign == "-" ? "" : _sign) + (_isAlternate && _type is 'x' or 'X' or 'o' or 'b' ? "0" + _type : "");
        if (_align != '=')
            return Align(Text.Data(sign + digits), _align == '\0' ? '>' : _align, context);
        Text padded = TextOperations.Pad(Text.Data(digits), _width - sign.Length, _fill, missing => missing, context.Budget);
        return Text.Concat(Text.Data(sign), padded, context.Budget);
    }

    private Text Align(Text text, char align, RenderContext context) =>
        TextOperations.Pad(text, _width, _fill, missing => align switch { '>' => missing, '^' => missing / 2, _ => 0 }, context.Budget);

    private static string Grouped(string digits, string separator)
    {
        int end = digits.AsSpan().IndexOfAnyExceptInRange('0', '9');
        end = end < 0 ? digits.Length : end;
        var grouped = new StringBuilder();
        for (int at = 0; at < end; at++)
        {
            if (at > 0 && (end - at) % 3 == 0)
                grouped.Append(separator);
            grouped.Append(digits[at]);
        }
        return grouped.Append(digits, end, digits.Length - end).ToString();
    }

    [GeneratedRegex(@"\A(?:(?<fill>[^\ud800-\udfff]|[\ud800-\udbff][\udc00-\udfff])?(?<align>[<>=^]))?(?<sign>[-+ ])?(?<alternate>#)?(?<zero>0)?(?<width>[0-9]+)?(?<grouping>[,_])?(?:\.(?<precision>[0-9]+))?(?<type>[bdeEfFgGnosxX%])?\z", RegexOptions.Singleline)]
    private static partial Regex Pattern();
}
