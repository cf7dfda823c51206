using Gemma4.Engine.StructuredOutput.Automata;

namespace Gemma4.Engine.StructuredOutput.Numbers;

/// <summary>What automata over decimal numbers tell apart: each digit, sign and point.</summary>
internal static class DecimalAlphabet
{
    private static readonly ByteSet[] All = [.. "0123456789-.".Select(c => ByteSet.Of((byte)c))];

    public static ReadOnlySpan<ByteSet> Sets => All;
}
