using System.Globalization;
using System.Text;
using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja.Builtins;

/// <summary>Upper and lower case as Python has them.</summary>
internal static class TextCase
{
    public static Text Upper(Text text, RenderBudget budget) => Map(text, budget, (chars, at, _) => UpperOf(CodePoints.At(chars, at)));

    public static Text Lower(Text text, RenderBudget budget) => Map(text, budget, (chars, at, _) => LowerOf(chars, at));

    public static Text SwapCase(Text text, RenderBudget budget) => Map(text, budget, (chars, at, _) =>
        IsUpperAt(chars, at) ? LowerOf(chars, at) : IsLowerAt(chars, at) ? UpperOf(CodePoints.At(chars, at)) : null);

    /// <summary>The first character in upper case, all others in lower.</summary>
    public static Text Capitalize(Text text, RenderBudget budget) =>
        Map(text, budget, (chars, at, _) => at == 0 ? UpperOf(CodePoints.At(chars, at)) : LowerOf(chars, at));

    /// <summary><c>str.title</c>: upper case after anything that has no case.</summary>
    public static Text Title(Text text, RenderBudget budget) => Map(text, budget, (chars, at, before) =>
        before >= 0 && (IsUpperAt(chars, before) || IsLowerAt(chars, before)) ? LowerOf(chars, at) : UpperOf(CodePoints.At(chars, at)));

    /// <summary>The filter <c>title</c>: upper case at the start and after blanks, hyphens and opening brackets.</summary>
    public static Text TitleWords(Text text, RenderBudget budget) => Map(text, budget, (chars, at, before) =>
        before >= 0 && !(PythonText.IsSpace(chars[before]) || "-({[<".Contains(chars[before], StringComparison.Ordinal))
            ? LowerOf(chars, at) : UpperOf(CodePoints.At(chars, at)));

    public static bool IsLower(string chars) => HasOnly(chars, IsLowerAt, IsUpperAt);

    public static bool IsUpper(string chars) => HasOnly(chars, IsUpperAt, IsLowerAt);

    /// <summary>Replaces each character by what <paramref name="convert"/> gives for its place and that of the one before.</summary>
    private static Text Map(Text text, RenderBudget budget, Func<string, int, int, string?> convert)
    {
        string chars = text.Chars;
        var mapped = new StringBuilder(chars.Length);
        var builder = new TextBuilder(budget);
        int before = -1;
        foreach ((int start, int length, Provenance provenance) in text.Runs(0, chars.Length))
        {
            mapped.Clear();
            for (int i = start; i < start + length; i += CodePoints.Width(chars, i))
            {
                if (convert(chars, i, before) is { } other)
                    mapped.Append(other);
                else
                    mapped.Append(chars, i, CodePoints.Width(chars, i));
                before = i;
            }
            builder.Append(mapped.ToString(), provenance);
        }
        return builder.ToText();
    }

    private static string? UpperOf(int codePoint)
    {
        if (codePoint < 0x80)
            return codePoint is >= 'a' and <= 'z' ? ((char)(codePoint - 32)).ToString() : null;
        return codePoint switch
        {
            'ß' => "SS",
            'ŉ' => "ʼN",
            'ǰ' => "J̌",
            'ﬀ' => "FF",
            'ﬁ' => "FI",
            'ﬂ' => "FL",
            'ﬃ' => "FFI",
            'ﬄ' => "FFL",
            'ﬅ' or 'ﬆ' => "ST",
            _ => Rune.IsValid(codePoint) ? Rune.ToUpperInvariant(new Rune(codePoint)).ToString() : null,
        };
    }

    private static string? LowerOf(string chars, int at)
    {
        int codePoint = CodePoints.At(chars, at);
        if (codePoint < 0x80)
            return codePoint is >= 'A' and <= 'Z' ? ((char)(codePoint + 32)).ToString() : null;
        return codePoint switch
        {
            'İ' => "i̇",
            'Σ' => IsFinal(chars, at) ? "ς" : "σ",
            _ => Rune.IsValid(codePoint) ? Rune.ToLowerInvariant(new Rune(codePoint)).ToString() : null,
        };
    }

    private static bool IsFinal(string chars, int at) =>
        at > 0 && char.IsLetter(chars[at - 1]) && !(at + 1 < chars.Length && char.IsLetter(chars[at + 1]));

    private static bool HasOnly(string chars, Func<string, int, bool> wanted, Func<string, int, bool> refused)
    {
        bool has = false;
        for (int i = 0; i < chars.Length; i += CodePoints.Width(chars, i))
        {
            if (refused(chars, i))
                return false;
            has |= wanted(chars, i);
        }
        return has;
    }

    private static bool IsUpperAt(string chars, int at) =>
        CharUnicodeInfo.GetUnicodeCategory(CodePoints.At(chars, at)) is UnicodeCategory.UppercaseLetter or UnicodeCategory.TitlecaseLetter;

    private static bool IsLowerAt(string chars, int at) =>
        CharUnicodeInfo.GetUnicodeCategory(CodePoints.At(chars, at)) is UnicodeCategory.LowercaseLetter;
}
