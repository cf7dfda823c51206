using System.Text.RegularExpressions;

namespace Gemma4.Engine.Chat.Jinja.Syntax;

/// <summary>Finds where a word of the language ends.</summary>
internal static partial class WordScanner
{
    private static readonly string[] LongOperators = ["//", "**", "==", "!=", ">=", "<="];

    /// <summary>The word at <paramref name="at"/>; length 0 if there is none.</summary>
    public static (TokenKind Kind, int Length) Scan(string source, int at)
    {
        char first = source[at];
        if (char.IsAsciiDigit(first) && Match(Float(), source, at) is > 0 and int floatLength && (at == 0 || source[at - 1] != '.'))
            return (TokenKind.Float, floatLength);
        if (char.IsAsciiDigit(first) && Match(Integer(), source, at) is > 0 and int integerLength)
            return (TokenKind.Integer, integerLength);
        if (PythonText.IsWord(first) && !char.IsDigit(first))
            return (TokenKind.Name, NameLength(source, at));
        if (first is '"' or '\'')
            return (TokenKind.String, StringLength(source, at));
        foreach (string long_ in LongOperators)
        {
            if (string.CompareOrdinal(source, at, long_, 0, 2) == 0)
                return (TokenKind.Operator, 2);
        }
        return (TokenKind.Operator, "+-/*%~[](){}<>=.:|,;".Contains(first, StringComparison.Ordinal) ? 1 : 0);
    }

    private static int Match(Regex regex, string source, int at) => regex.Match(source, at).Length;

    private static int NameLength(string source, int at)
    {
        int end = at;
        while (end < source.Length && PythonText.IsWord(source[end]))
            end++;
        return end - at;
    }

    private static int StringLength(string source, int at)
    {
        for (int i = at + 1; i < source.Length; i++)
        {
            if (source[i] == '\\')
                i++;
            else if (source[i] == source[at])
                return i + 1 - at;
        }
        return 0;
    }

    [GeneratedRegex(@"\G([0-9]+_)*[0-9]+((\.([0-9]+_)*[0-9]+)?[eE][+\-]?([0-9]+_)*[0-9]+|\.([0-9]+_)*[0-9]+)")]
    private static partial Regex Float();

    [GeneratedRegex(@"\G(0[bB](_?[0-1])+|0[oO](_?[0-7])+|0[xX](_?[0-9a-fA-F])+|[1-9](_?[0-9])*|0(_?0)*)")]
    private static partial Regex Integer();
}
