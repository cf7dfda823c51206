using System.Text;

namespace Gemma4.Engine.Tokenization;

/// <summary>Makes any UTF-16 text Unicode text.</summary>
internal static class UnicodeText
{
    /// <summary>The text itself, or, where it has halves of surrogate pairs, a copy with U+FFFD in their place, as any encoding
    /// to UTF-8 would have it.</summary>
    public static ReadOnlySpan<char> Repair(ReadOnlySpan<char> text)
    {
        char[]? repaired = null;
        for (int i = 0; text[i..].IndexOfAnyInRange('\uD800', '\uDFFF') is var ahead and >= 0;)
        {
            i += ahead;
            if (Rune.DecodeFromUtf16(text[i..], out _, out int length) != System.Buffers.OperationStatus.Done)
            {
                repaired ??= text.ToArray();
                repaired[i] = '\uFFFD';
            }
            i += length;
        }
        return repaired ?? text;
    }
}
