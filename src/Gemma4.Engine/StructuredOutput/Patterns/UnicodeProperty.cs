using System.Collections.Concurrent;
using System.Globalization;

namespace Gemma4.Engine.StructuredOutput.Patterns;

/// <summary>Unicode general categories, by their short and long names.</summary>
internal static class UnicodeProperty
{
    private static readonly string[] ShortNames =
        ["Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Pc", "Pd", "Ps", "Pe",
         "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Cn"];

    private static readonly Dictionary<string, string> LongNames = new()
    {
        ["Letter"] = "L",
        ["Uppercase_Letter"] = "Lu",
        ["Lowercase_Letter"] = "Ll",
        ["Titlecase_Letter"] = "Lt",
        ["Modifier_Letter"] = "Lm",
        ["Other_Letter"] = "Lo",
        ["Mark"] = "M",
        ["Number"] = "N",
        ["Decimal_Number"] = "Nd",
        ["Punctuation"] = "P",
        ["Symbol"] = "S",
        ["Separator"] = "Z",
        ["Space_Separator"] = "Zs",
        ["Other"] = "C",
        ["Control"] = "Cc",
    };

    // Each takes a walk over all code points; what is found never changes.
    private static readonly ConcurrentDictionary<string, CodePointSet> Known = new();

    /// <summary>The members of a category or a group of them; null when there is none of that name.</summary>
    public static CodePointSet? Find(string name)
    {
        int equals = name.IndexOf('=');
        if (equals >= 0 && name[..equals] is "gc" or "General_Category")
            name = name[(equals + 1)..];
        string prefix = LongNames.GetValueOrDefault(name, name);
        return prefix.Length is 1 or 2 && ShortNames.Any(n => n.StartsWith(prefix, StringComparison.Ordinal))
            ? Known.GetOrAdd(prefix, Collect)
            : null;
    }

    private static CodePointSet Collect(string prefix)
    {
        List<(int, int)> ranges = [];
        int first = -1;
        for (int c = 0; c <= 0x110000; c++)
        {
            bool member = c <= 0x10FFFF && ShortNames[(int)CharUnicodeInfo.GetUnicodeCategory(c)].StartsWith(prefix, StringComparison.Ordinal);
            if (member && first < 0)
                first = c;
            if (member || first < 0)
                continue;
            ranges.Add((first, c - 1));
            first = -1;
        }
        return CodePointSet.Of(ranges).Intersect(CodePointSet.All);
    }
}
