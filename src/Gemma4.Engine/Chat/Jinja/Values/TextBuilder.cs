using System.Globalization;
using System.Text;

namespace Gemma4.Engine.Chat.Jinja.Values;

/// <summary>Writes a <see cref="Text"/>, keeping the provenance of every character and the budget of the rendering.</summary>
internal sealed class TextBuilder(RenderBudget budget)
{
    private readonly StringBuilder _chars = new();
    private readonly List<ProvenanceRun> _runs = [];

    public int Length => _chars.Length;

    public RenderBudget Budget => budget;

    public void Append(Text text)
    {
        string chars = text.Chars;
        if (chars.Length > 0)
            Append(text, 0, chars.Length);
    }

    public void Append(Text text, int start, int length)
    {
        Reserve(length);
        _chars.Append(text.Chars, start, length);
        int from = _chars.Length - length - start;
        foreach ((int at, int count, Provenance provenance) in text.Runs(start, length))
            Mark(from + at + count, provenance);
    }

    public void Append(ReadOnlySpan<char> chars, Provenance provenance)
    {
        if (chars.Length == 0)
            return;
        Reserve(chars.Length);
        _chars.Append(chars);
        Mark(_chars.Length, provenance);
    }

    /// <summary>Punctuation and numbers that the engine itself writes.</summary>
    public void AppendData(ReadOnlySpan<char> chars) => Append(chars, Provenance.Data);

    public void AppendData(long number) => AppendData(number.ToString(CultureInfo.InvariantCulture));

    public void Append(Value value) => value.WriteStr(this);

    /// <summary>The same text <paramref name="count"/> times.</summary>
    public void AppendRepeated(Text text, long count)
    {
        if (count <= 0 || text.Length == 0)
            return;
        budget.CheckLength(Math.Min(count, int.MaxValue) * text.Length);
        for (long i = 0; i < count; i++)
            Append(text);
    }

    public Text ToText()
    {
        if (_chars.Length == 0)
            return Text.Empty;
        budget.Make();
        return _runs.Count == 1 ? new Text(_chars.ToString(), _runs[0].Provenance) : new Text(_chars.ToString(), [.. _runs]);
    }

    /// <summary>The parts of a flat text.</summary>
    public (string Chars, ProvenanceRun[]? Runs, Provenance Provenance) Take() => _runs.Count switch
    {
        0 => ("", null, Provenance.Data),
        1 => (_chars.ToString(), null, _runs[0].Provenance),
        _ => (_chars.ToString(), [.. _runs], default),
    };

    private void Reserve(int length)
    {
        budget.CheckLength((long)_chars.Length + length);
        budget.Write(length);
    }

    private void Mark(int end, Provenance provenance)
    {
        if (_runs.Count > 0 && _runs[^1].Provenance == provenance)
            _runs[^1] = new(end, provenance);
        else
            _runs.Add(new(end, provenance));
    }
}
