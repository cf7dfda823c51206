using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja.Builtins;

/// <summary>Python's operations on strings, each keeping the provenance of every character it keeps.</summary>
internal static class TextOperations
{
    /// <summary>Drops blanks, or the characters of <paramref name="set"/>, at the ends asked for.</summary>
    public static Text Strip(Text text, Text? set, bool atStart, bool atEnd, RenderBudget budget)
    {
        string chars = text.Chars;
        int from = 0;
        int to = chars.Length;
        long each = set is null ? 0 : 1 + (set.Length >> 6);
        for (; atStart && from < to && IsStripped(chars, from, set); from += CodePoints.Width(chars, from))
            budget.Step(each);
        for (; atEnd && to > from && IsStripped(chars, Before(chars, to), set); to = Before(chars, to))
            budget.Step(each);
        return text.Slice(from, to - from, budget);
    }

    public static Text Replace(Text text, Text old, Text replacement, long limit, RenderBudget budget)
    {
        budget.Search(text.Length, old.Length);
        string chars = text.Chars;
        var builder = new TextBuilder(budget);
        int at = 0;
        if (old.Length == 0)
        {
            // An empty text is found before every character and at the end.
            for (; limit != 0 && at <= chars.Length; limit--)
            {
                builder.Append(replacement);
                if (at == chars.Length)
                    return builder.ToText();
                int width = CodePoints.Width(chars, at);
                builder.Append(text, at, width);
                at += width;
            }
        }
        for (int found; old.Length > 0 && limit != 0 && (found = chars.IndexOf(old.Chars, at, StringComparison.Ordinal)) >= 0; limit--)
        {
            budget.Step();
            builder.Append(text, at, found - at);
            builder.Append(replacement);
            at = found + old.Length;
        }
        builder.Append(text, at, chars.Length - at);
        return builder.ToText();
    }

    /// <summary>Pieces between separators; between runs of blanks for none.</summary>
    public static List<Value> Split(Text text, Text? separator, long limit, RenderBudget budget)
    {
        string chars = text.Chars;
        var pieces = new List<Value>();
        if (separator is null)
            return SplitAtSpace(text, limit, budget);
        if (separator.Length == 0)
            throw Fault.Value("empty separator");
        budget.Search(text.Length, separator.Length);
        int at = 0;
        for (int found; limit != 0 && (found = chars.IndexOf(separator.Chars, at, StringComparison.Ordinal)) >= 0; limit--)
        {
            budget.Step();
            pieces.Add(text.Slice(at, found - at, budget));
            at = found + separator.Length;
        }
        pieces.Add(text.Slice(at, chars.Length - at, budget));
        return pieces;
    }

    /// <summary>As <see cref="Split"/>, from the end.</summary>
    public static List<Value> SplitFromEnd(Text text, Text? separator, long limit, RenderBudget budget)
    {
        if (limit < 0)
            return Split(text, separator, limit, budget);
        string chars = text.Chars;
        if (separator is { Length: 0 })
            throw Fault.Value("empty separator");
        budget.Search(text.Length, separator?.Length ?? 0);
        var pieces = new List<Value>();
        int end = separator is null ? SpaceEnd(chars, chars.Length) : chars.Length;
        for (; limit > 0 && end > 0; limit--)
        {
            budget.Step();
            int cut = separator is null ? LastSpace(chars, end) : chars.AsSpan(0, end).LastIndexOf(separator.Chars);
            if (cut < 0)
                break;
            int from = separator is null ? cut + 1 : cut + separator.Length;
            pieces.Add(text.Slice(from, end - from, budget));
            end = separator is null ? SpaceEnd(chars, cut) : cut;
        }
        if (separator is not null || end > 0)
            pieces.Add(text.Slice(0, end, budget));
        pieces.Reverse();
        return pieces;
    }

    public static List<Value> SplitLines(Text text, bool keepsEnds, RenderBudget budget)
    {
        string chars = text.Chars;
        var lines = new List<Value>();
        for (int start = 0; start < chars.Length;)
        {
            budget.Step();
            int end = start;
            while (end < chars.Length && !PythonText.IsLineEnd(chars[end]))
                end++;
            int next = end;
            if (end < chars.Length)
                next = chars[end] == '\r' && end + 1 < chars.Length && chars[end + 1] == '\n' ? end + 2 : end + 1;
            lines.Add(text.Slice(start, (keepsEnds ? next : end) - start, budget));
            start = next;
        }
        return lines;
    }

    /// <summary>Blanks, or another character, around a text up to a width.</summary>
    public static Text Pad(Text text, long width, Text fill, Func<long, long> left, RenderBudget budget)
    {
        long missing = width - text.Count!.Value;
        if (missing <= 0)
            return text;
        var builder = new TextBuilder(budget);
        long before = left(missing);
        builder.AppendRepeated(fill, before);
        builder.Append(text);
        builder.AppendRepeated(fill, missing - before);
        return builder.ToText();
    }

    /// <summary>Replaces single characters; what comes in their place has their provenance.</summary>
    public static Text Translate(Text text, Func<char, string?> replacement, RenderBudget budget)
    {
        string chars = text.Chars;
        var builder = new TextBuilder(budget);
        foreach ((int start, int length, Provenance provenance) in text.Runs(0, chars.Length))
        {
            int plain = start;
            for (int i = start; i < start + length; i++)
            {
                if (replacement(chars[i]) is not { } other)
                    continue;
                builder.Append(text, plain, i - plain);
                builder.Append(other, provenance);
                plain = i + 1;
            }
            builder.Append(text, plain, start + length - plain);
        }
        return builder.ToText();
    }

    private static List<Value> SplitAtSpace(Text text, long limit, RenderBudget budget)
    {
        string chars = text.Chars;
        var pieces = new List<Value>();
        for (int at = SpaceFrom(chars, 0); at < chars.Length; limit--)
        {
            budget.Step();
            int end = limit == 0 ? chars.Length : at;
            while (limit != 0 && end < chars.Length && !PythonText.IsSpace(chars[end]))
                end++;
            pieces.Add(text.Slice(at, end - at, budget));
            at = SpaceFrom(chars, end);
        }
        return pieces;
    }

    private static int SpaceFrom(string chars, int at)
    {
        while (at < chars.Length && PythonText.IsSpace(chars[at]))
            at++;
        return at;
    }

    private static int SpaceEnd(string chars, int end)
    {
        while (end > 0 && PythonText.IsSpace(chars[end - 1]))
            end--;
        return end;
    }

    private static int LastSpace(string chars, int end)
    {
        int at = end - 1;
        while (at >= 0 && !PythonText.IsSpace(chars[at]))
            at--;
        return at;
    }

    private static int Before(string chars, int end) =>
        end > 1 && char.IsLowSurrogate(chars[end - 1]) && char.IsHighSurrogate(chars[end - 2]) ? end - 2 : end - 1;

    private static bool IsStripped(string chars, int at, Text? set) => set is null
        ? PythonText.IsSpace(chars[at])
        : set.Chars.AsSpan().IndexOf(chars.AsSpan(at, CodePoints.Width(chars, at))) >= 0;
}
