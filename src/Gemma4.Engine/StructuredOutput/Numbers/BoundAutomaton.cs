using Gemma4.Engine.StructuredOutput.Automata;
using Gemma4.Engine.StructuredOutput.Schemas;

namespace Gemma4.Engine.StructuredOutput.Numbers;

/// <summary>Decimal numbers without exponent that stand in a relation to a bound, exact at any size.</summary>
/// <remarks>Compares digit by digit: until the point it is open how many digits come, so the comparison of the digits so far is kept
/// beside their count. A state is phase, sign, count and comparison packed in a number. Form (leading zeros, signs) is not its business.</remarks>
internal sealed class BoundAutomaton(DecimalText bound, Relation relation) : IByteAutomaton
{
    private const int AtStart = 0, AfterSign = 1, InWhole = 2, InFraction = 3;

    public int Start => Pack(AtStart, false, 0, 0);

    public ReadOnlySpan<ByteSet> Alphabet => DecimalAlphabet.Sets;

    public bool IsAccepting(int state)
    {
        (int phase, bool negative, int count, int comparison) = Unpack(state);
        if (phase is AtStart or AfterSign)
            return false;
        return Holds(Order(negative, Magnitude(phase, count, comparison)));
    }

    public int Next(int state, byte value)
    {
        (int phase, bool negative, int count, int comparison) = Unpack(state);
        if (value == '-')
            return phase == AtStart && (bound.Negative || bound.IsZero || Holds(-1)) ? Pack(AfterSign, true, 0, 0) : -1;
        if (value == '.')
            return phase == InWhole ? Pack(InFraction, negative, 0, WholeOrder(count, comparison)) : -1;
        if (value is < (byte)'0' or > (byte)'9')
            return -1;
        string digits = phase == InFraction ? bound.Fraction : bound.Whole;
        int digit = count < digits.Length ? digits[count] : '0';
        if (comparison == 0 && (phase == InFraction || count < digits.Length))
            comparison = Math.Sign(value - digit);
        phase = phase == InFraction ? InFraction : InWhole;
        count = Math.Min(count + 1, digits.Length + 1);
        return IsSettled(phase, count, comparison) && !Holds(Order(negative, Magnitude(phase, count, comparison))) ? -1 : Pack(phase, negative, count, comparison);
    }

    /// <summary>No further digit changes the comparison. Ending early what cannot hold keeps searches short.</summary>
    private bool IsSettled(int phase, int count, int comparison) =>
        phase == InFraction ? comparison != 0 : count > bound.Whole.Length || (count == bound.Whole.Length && comparison > 0);

    private bool Holds(int order) => relation switch
    {
        Relation.Less => order < 0,
        Relation.AtMost => order <= 0,
        Relation.AtLeast => order >= 0,
        Relation.Greater => order > 0,
        _ => order != 0,
    };

    /// <summary>Of the whole parts: the longer is the larger.</summary>
    private int WholeOrder(int count, int comparison) =>
        count != bound.Whole.Length ? Math.Sign(count - bound.Whole.Length) : comparison;

    /// <summary>Of the magnitudes, the number read so far against the bound.</summary>
    private int Magnitude(int phase, int count, int comparison)
    {
        if (phase == InWhole)
        {
            int whole = WholeOrder(count, comparison);
            return whole != 0 ? whole : bound.Fraction.Length > 0 ? -1 : 0;
        }
        return comparison != 0 ? comparison : count < bound.Fraction.Length ? -1 : 0;
    }

    private int Order(bool negative, int magnitude)
    {
        if (negative != bound.Negative)
            return negative ? (bound.IsZero && magnitude == 0 ? 0 : -1) : 1;
        return negative ? -magnitude : magnitude;
    }

    private static int Pack(int phase, bool negative, int count, int comparison) =>
        phase | (negative ? 4 : 0) | (comparison + 1) << 3 | count << 5;

    private static (int Phase, bool Negative, int Count, int Comparison) Unpack(int state) =>
        (state & 3, (state & 4) != 0, state >> 5, (state >> 3 & 3) - 1);
}
