using System.Collections.Immutable;

namespace Gemma4.Engine.Parsing;

/// <summary>Passes content on and looks for stop strings in it; text that may begin one is held back until it is known.</summary>
/// <param name="stopStrings">None is empty.</param>
/// <param name="includeStopString">A stop string that matched belongs to the content.</param>
/// <param name="events">Where content goes.</param>
internal sealed class ContentWriter(ImmutableArray<string> stopStrings, bool includeStopString, EventSink events)
{
    private readonly List<(char Char, int Group)> _held = [];

    /// <summary>False lets stop strings pass, until the least number of tokens is reached.</summary>
    public bool LooksForStops { get; set; }

    /// <summary>The stop string that ended the content; nothing is passed on after it.</summary>
    public string? StopString { get; private set; }

    /// <summary>True when text is held back.</summary>
    public bool IsHolding => _held.Count > 0;

    /// <summary>Adds a character, or a control token's spelling.</summary>
    public void Append(AnswerSymbol symbol)
    {
        if (symbol.IsText)
            Append(symbol.Char, symbol.Group);
        else
            foreach (char c in symbol.Control.Spelling())
                Append(c, symbol.Group);
    }

    /// <summary>Passes on what was held back: something else follows.</summary>
    public void Flush() => Release(_held.Count);

    private void Append(char c, int group)
    {
        if (StopString is not null)
            return;
        _held.Add((c, group));
        if (!LooksForStops || stopStrings.IsEmpty)
        {
            Flush();
            return;
        }
        string? match = null;
        int numOpen = 0;
        foreach (string stop in stopStrings)
        {
            if (EndsWithFirst(stop, stop.Length) && stop.Length > (match?.Length ?? 0))
                match = stop;
            for (int length = Math.Min(stop.Length - 1, _held.Count); length > numOpen; length--)
                if (EndsWithFirst(stop, length))
                    numOpen = length;
        }
        if (match is null)
        {
            Release(_held.Count - numOpen);
            return;
        }
        Release(includeStopString ? _held.Count : _held.Count - match.Length);
        _held.Clear();
        StopString = match;
    }

    private bool EndsWithFirst(string stop, int length)
    {
        if (_held.Count < length)
            return false;
        for (int i = 0; i < length; i++)
            if (_held[_held.Count - length + i].Char != stop[i])
                return false;
        return true;
    }

    private void Release(int count)
    {
        for (int i = 0; i < count; i++)
            events.Content(_held[i].Char, _held[i].Group);
        _held.RemoveRange(0, count);
    }
}
