namespace Gemma4.Engine.Chat.Jinja.Values;

/// <summary>Positions as Python counts them: one a code point, where .NET has one or two UTF-16 units.</summary>
internal static class CodePoints
{
    public static int Width(string chars, int at) =>
        char.IsHighSurrogate(chars[at]) && at + 1 < chars.Length && char.IsLowSurrogate(chars[at + 1]) ? 2 : 1;

    public static int Count(string chars)
    {
        int count = 0;
        for (int i = 0; i < chars.Length; i += Width(chars, i))
            count++;
        return count;
    }

    /// <summary>The unit at which code point <paramref name="index"/> starts; the end for an index past it.</summary>
    public static int Offset(string chars, int index)
    {
        int at = 0;
        for (; index > 0 && at < chars.Length; index--)
            at += Width(chars, at);
        return at;
    }

    /// <summary>The code point that starts at or holds unit <paramref name="offset"/>.</summary>
    public static int Index(string chars, int offset)
    {
        int index = 0;
        for (int i = 0; i < offset; i += Width(chars, i))
            index++;
        return index;
    }

    /// <summary>The code point at a unit; a lone surrogate is its own value.</summary>
    public static int At(string chars, int at) => Width(chars, at) == 2 ? char.ConvertToUtf32(chars[at], chars[at + 1]) : chars[at];

    /// <summary>Python's order of strings: by code point, which differs from UTF-16 order above U+FFFF.</summary>
    public static int Compare(string left, string right)
    {
        int shared = Math.Min(left.Length, right.Length);
        int at = left.AsSpan(0, shared).CommonPrefixLength(right.AsSpan(0, shared));
        if (at == shared)
            return left.Length.CompareTo(right.Length);
        if (at > 0 && char.IsLowSurrogate(left[at]) && char.IsHighSurrogate(left[at - 1]))
            at--;
        return At(left, at).CompareTo(At(right, at));
    }
}
