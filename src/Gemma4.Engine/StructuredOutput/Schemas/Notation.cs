using System.Text.Json;
using Gemma4.Engine.StructuredOutput.Automata;
using Gemma4.Engine.StructuredOutput.Numbers;
using Gemma4.Engine.StructuredOutput.Patterns;

namespace Gemma4.Engine.StructuredOutput.Schemas;

/// <summary>How values are written: JSON, with or without blanks, or Gemma's tool-call notation.</summary>
internal sealed class Notation
{
    /// <summary>Blanks or tabs of an indentation; a deeply nested document has fewer.</summary>
    private const int MaxIndentation = 64;

    private readonly RxBuilder _rx;
    private readonly Rx _quote;
    private readonly Rx _gap;
    private readonly bool _isJson;

    private Notation(RxBuilder rx, TextCoding text, Rx quote, Rx gap, bool isJson)
    {
        _rx = rx;
        Text = text;
        _quote = quote;
        _gap = gap;
        _isJson = isJson;
    }

    /// <summary>How characters of a string are written.</summary>
    public TextCoding Text { get; }

    /// <summary>Characters of names that need no delimiters in Gemma's notation.</summary>
    private static CodePointSet BareNameCharacters { get; } = CodePointSet.Of(('0', '9'), ('A', 'Z'), ('a', 'z'), ('_', '_'), ('-', '.'), ('$', '$'));

    public static Notation Json(RxBuilder rx, JsonWhitespace whitespace)
    {
        Rx gap = whitespace == JsonWhitespace.Compact ? rx.Empty : rx.Repeat(rx.Or(rx.Literal(" "), LineBreak(rx)), 0, 1);
        return new(rx, new TextCoding(rx, json: true), rx.Literal("\""), gap, true);
    }

    private static Rx LineBreak(RxBuilder rx) => rx.Concat(
        rx.Repeat(rx.Literal("\r"), 0, 1), rx.Literal("\n"), rx.Repeat(rx.Bytes(ByteSet.Of((byte)' ') | ByteSet.Of((byte)'\t')), 0, MaxIndentation));

    /// <summary>Names are bare, strings are any text between two control tokens, there are no blanks.</summary>
    public static Notation Gemma(RxBuilder rx, int quoteTokenId) =>
        new(rx, new TextCoding(rx, json: false), rx.ControlToken(quoteTokenId), rx.Empty, false);

    /// <summary>Something that stands for itself, with what blanks may precede it.</summary>
    public Rx Bare(Rx value) => _rx.Concat(_gap, value);

    public Rx Bare(string text) => _rx.Concat(_gap, _rx.Literal(text));

    /// <summary>A string with this content.</summary>
    public Rx String(Rx content) => _rx.Concat(_gap, _quote, content, _quote);

    public Rx String(string text) => String(_rx.Literal(Text.Encode(text)));

    /// <summary>A property's name and the colon after it.</summary>
    public Rx Key(string name)
    {
        if (_isJson)
            return _rx.Concat(String(name), Bare(":"));
        bool bare = name.Length > 0 && name.All(c => BareNameCharacters.Contains(c));
        return _rx.Concat(bare ? _rx.Literal(name) : String(name), _rx.Literal(":"));
    }

    /// <summary>A name that is not declared, and the colon after it.</summary>
    public Rx Key(Rx content)
    {
        if (_isJson)
            return _rx.Concat(String(content), Bare(":"));
        Rx bare = _rx.Repeat(Text.Encode(BareNameCharacters), 1, Rx.Unbounded);
        return _rx.Concat(_rx.And(content, bare), _rx.Literal(":"));
    }

    /// <summary>A given value, written out; a number as the schema spells it or in plain digits (2.0 or 2).</summary>
    public Rx Constant(JsonElement value)
    {
        _rx.Budget.Descend();
        return value.ValueKind switch
        {
            JsonValueKind.String => String(value.GetString()!),
            JsonValueKind.Array => _rx.Concat(
            [
                Bare("["), .. value.EnumerateArray().SelectMany((v, i) => i == 0 ? (Rx[])[Constant(v)] : [Bare(","), Constant(v)]), Bare("]"),
            ]),
            JsonValueKind.Object => _rx.Concat(
            [
                Bare("{"),
                .. value.EnumerateObject().SelectMany((p, i) => i == 0 ? (Rx[])[Key(p.Name), Constant(p.Value)] : [Bare(","), Key(p.Name), Constant(p.Value)]),
                Bare("}"),
            ]),
            JsonValueKind.Number => Bare(_rx.Or(_rx.Literal(value.GetRawText()), _rx.Literal(DecimalText.Parse(value.GetRawText())?.ToString() ?? value.GetRawText()))),
            _ => Bare(value.GetRawText()),
        };
    }
}
