using System.Globalization;
using System.Text;
using Gemma4.Engine.StructuredOutput;

namespace Gemma4.Server.Mapping;

/// <summary>The text of a custom tool's call out of its arguments, <c>{"input":"…"}</c>, which come in pieces of JSON.</summary>
/// <remarks>A call that the model wrote where it was not held to the tool may look otherwise: its JSON is then the text.</remarks>
internal sealed class CustomInput
{
    private const string Head = $"{{\"{ToolSignature.InputParameter}\":\"";

    private readonly StringBuilder _escape = new();
    private Place _place = Place.Head;
    private int _numHead;

    private enum Place
    {
        Head,
        Text,
        Escape,
        End,
        Other,
    }

    /// <summary>Takes the next piece of JSON.</summary>
    /// <returns>The text that it adds.</returns>
    public string Add(string json)
    {
        var text = new StringBuilder(json.Length);
        foreach (char c in json)
            Add(c, text);
        return text.ToString();
    }

    private void Add(char c, StringBuilder text)
    {
        switch (_place)
        {
            case Place.Head when c == Head[_numHead]:
                if (++_numHead == Head.Length)
                    _place = Place.Text;
                break;
            case Place.Head:
                text.Append(Head, 0, _numHead).Append(c);
                _place = Place.Other;
                break;
            case Place.Text when c == '\\':
                _place = Place.Escape;
                break;
            case Place.Text when c == '"':
                _place = Place.End;
                break;
            case Place.Escape:
                AddEscape(c, text);
                break;
            case Place.Text or Place.Other:
                text.Append(c);
                break;
        }
    }

    private void AddEscape(char c, StringBuilder text)
    {
        _escape.Append(c);
        if (_escape[0] == 'u' && _escape.Length < 5)
            return;
        text.Append(_escape[0] switch
        {
            'u' => (char)ushort.Parse(_escape.ToString(1, 4), NumberStyles.HexNumber, CultureInfo.InvariantCulture),
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'b' => '\b',
            'f' => '\f',
            _ => _escape[0],
        });
        _escape.Clear();
        _place = Place.Text;
    }
}
