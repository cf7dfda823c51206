using System.Buffers;
using System.Globalization;
using System.Text;

namespace Gemma4.Engine.Tokenization;

/// <summary>Finds added tokens in a text: leftmost first, the longest of those that begin there, none overlapping.</summary>
internal sealed class AddedTokenMatcher
{
    private readonly Dictionary<(int Node, char Next), int> _edges = [];
    private readonly List<AddedToken?> _ends = [null];   // by node of the trie
    private readonly SearchValues<char> _firsts;

    /// <param name="tokens">Each token with the characters to look for.</param>
    public AddedTokenMatcher(IEnumerable<(AddedToken Token, string Pattern)> tokens)
    {
        var firsts = new HashSet<char>();
        foreach ((AddedToken token, string pattern) in tokens.Where(t => t.Pattern.Length > 0))
        {
            firsts.Add(pattern[0]);
            int node = 0;
            foreach (char next in pattern)
            {
                if (!_edges.TryGetValue((node, next), out int child))
                {
                    child = _ends.Count;
                    _edges[(node, next)] = child;
                    _ends.Add(null);
                }
                node = child;
            }
            _ends[node] ??= token;
        }
        _firsts = SearchValues.Create([.. firsts]);
    }

    /// <summary>A found token and the characters it takes, white space included.</summary>
    internal readonly record struct Match(AddedToken Token, int Start, int End);

    /// <summary>Finds the next token.</summary>
    /// <param name="text">The whole text.</param>
    /// <param name="scan">Where to look from; moved behind what was looked at.</param>
    /// <param name="taken">Characters before this belong to the match before.</param>
    /// <param name="match">The token and its place.</param>
    public bool TryNext(ReadOnlySpan<char> text, ref int scan, int taken, out Match match)
    {
        while (text[scan..].IndexOfAny(_firsts) is var ahead and >= 0)
        {
            scan += ahead;
            AddedToken? token = LongestAt(text[scan..], out int length);
            int start = scan;
            scan += token is null ? 1 : length;
            if (token is null || (token.SingleWord && !StandsAlone(text, start, scan)))
                continue;
            int from = token.TakesLeft ? text[..start].TrimEnd().Length : start;
            int end = token.TakesRight ? text.Length - text[scan..].TrimStart().Length : scan;
            match = new Match(token, Math.Max(from, taken), Math.Max(end, taken));
            return true;
        }
        match = default;
        return false;
    }

    private AddedToken? LongestAt(ReadOnlySpan<char> text, out int length)
    {
        AddedToken? longest = null;
        length = 0;
        int node = 0;
        for (int i = 0; i < text.Length && _edges.TryGetValue((node, text[i]), out node); i++)
        {
            if (_ends[node] is { } token)
                (longest, length) = (token, i + 1);
        }
        return longest;
    }

    private static bool StandsAlone(ReadOnlySpan<char> text, int start, int end)
    {
        Rune.DecodeLastFromUtf16(text[..start], out Rune before, out int hasBefore);
        Rune.DecodeFromUtf16(text[end..], out Rune after, out int hasAfter);
        return !(hasBefore > 0 && IsWord(before)) && !(hasAfter > 0 && IsWord(after));
    }

    /// <summary><c>\w</c> of the reference: letters, marks, decimal digits, connectors and joiners.</summary>
    private static bool IsWord(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
            or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter or UnicodeCategory.LetterNumber
            or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark
            or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.ConnectorPunctuation => true,
        _ => rune.Value is 0x200C or 0x200D or (>= 0x24B6 and <= 0x24E9)
            or (>= 0x1F130 and <= 0x1F149) or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189),
    };
}
