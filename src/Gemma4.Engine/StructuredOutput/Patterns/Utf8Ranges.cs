using System.Text;
using Gemma4.Engine.StructuredOutput.Automata;

namespace Gemma4.Engine.StructuredOutput.Patterns;

/// <summary>Code points as the byte sequences of their UTF-8.</summary>
internal static class Utf8Ranges
{
    /// <summary>The expression that accepts each member's encoding and nothing else.</summary>
    public static Rx Encode(RxBuilder rx, CodePointSet set)
    {
        List<Rx> parts = [];
        foreach ((int first, int last) in set.Ranges)
            AddRange(rx, first, last, parts);
        return rx.Or([.. parts]);
    }

    /// <summary>Cuts a range at the lengths of encodings, then until each byte has one range whatever the others are.</summary>
    private static void AddRange(RxBuilder rx, int first, int last, List<Rx> parts)
    {
        foreach (int limit in (ReadOnlySpan<int>)[0x7F, 0x7FF, 0xFFFF])
        {
            if (first <= limit && limit < last)
            {
                AddRange(rx, first, limit, parts);
                AddRange(rx, limit + 1, last, parts);
                return;
            }
        }
        if (last > 0x7F)
        {
            foreach (int shift in (ReadOnlySpan<int>)[6, 12, 18])
            {
                int low = (1 << shift) - 1;
                if ((first & ~low) == (last & ~low))
                    continue;
                int cut = (first & low) != 0 ? first | low : (last & low) != low ? (last & ~low) - 1 : -1;
                if (cut < 0)
                    continue;
                AddRange(rx, first, cut, parts);
                AddRange(rx, cut + 1, last, parts);
                return;
            }
        }
        Span<byte> from = stackalloc byte[4], to = stackalloc byte[4];
        int length = new Rune(first).EncodeToUtf8(from);
        new Rune(last).EncodeToUtf8(to);
        Rx sequence = rx.Empty;
        for (int i = length - 1; i >= 0; i--)
            sequence = rx.Concat(rx.Bytes(ByteSet.Range(from[i], to[i])), sequence);
        parts.Add(sequence);
    }
}
