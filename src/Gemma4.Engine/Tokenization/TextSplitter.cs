namespace Gemma4.Engine.Tokenization;

/// <summary>The <c>Split</c> pre-tokenizer for a plain pattern, with the five behaviours of the reference.</summary>
internal sealed class TextSplitter(string pattern, TextSplitter.Behavior behavior, bool invert) : PreTokenizer
{
    /// <summary>What becomes of the pattern's occurrences.</summary>
    internal enum Behavior
    {
        Removed,
        Isolated,
        MergedWithPrevious,
        MergedWithNext,
        Contiguous,
    }

    public static Behavior ReadBehavior(JsonPart part) =>
        part.AsString() is { } name && Enum.TryParse(name, out Behavior behavior) && Enum.IsDefined(behavior) && behavior.ToString() == name
            ? behavior
            : throw part.Error($"'{part.AsString()}' is not supported");

    public override void Split(TextPiece piece, List<TextPiece> pieces)
    {
        ReadOnlySpan<char> text = piece.Text.Span;
        if (pattern.Length == 0 || text.IndexOf(pattern, StringComparison.Ordinal) < 0)
        {
            bool removed = invert && behavior == Behavior.Removed;
            if (text.Length > 0 && !(removed && (pattern.Length > 0 || invert)))
                pieces.Add(piece);
            return;
        }
        foreach ((int start, int end) in Join(Segments(text)))
        {
            if (end > start)
                pieces.Add(new TextPiece(piece.Text[start..end], piece.AtStart && start == 0));
        }
    }

    /// <summary>The text as occurrences and what lies between them, in order.</summary>
    private List<(int Start, int End, bool Match)> Segments(ReadOnlySpan<char> text)
    {
        List<(int, int, bool)> segments = [];
        int at = 0;
        while (text[at..].IndexOf(pattern, StringComparison.Ordinal) is var found and >= 0)
        {
            if (found > 0)
                segments.Add((at, at + found, invert));
            segments.Add((at + found, at + found + pattern.Length, !invert));
            at += found + pattern.Length;
        }
        if (at < text.Length)
            segments.Add((at, text.Length, invert));
        return segments;
    }

    private List<(int Start, int End)> Join(List<(int Start, int End, bool Match)> segments)
    {
        List<(int Start, int End)> joined = [];
        bool previous = false;
        if (behavior == Behavior.MergedWithNext)
            segments.Reverse();
        foreach ((int start, int end, bool match) in segments)
        {
            bool extends = joined.Count > 0 && behavior switch
            {
                Behavior.MergedWithPrevious or Behavior.MergedWithNext => match && !previous,
                Behavior.Contiguous => match == previous,
                _ => false,
            };
            if (extends)
                joined[^1] = (Math.Min(joined[^1].Start, start), Math.Max(joined[^1].End, end));
            else if (!(behavior == Behavior.Removed && match))
                joined.Add((start, end));
            previous = match;
        }
        if (behavior == Behavior.MergedWithNext)
            joined.Reverse();
        return joined;
    }
}
