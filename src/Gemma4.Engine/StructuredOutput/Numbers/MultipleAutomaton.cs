using Gemma4.Engine.StructuredOutput.Automata;

namespace Gemma4.Engine.StructuredOutput.Numbers;

/// <summary>Decimal numbers without exponent that a divisor divides, exactly.</summary>
/// <remarks>With s decimal places in the divisor d, x is a multiple when x·10^s is one of D = d·10^s: the remainder modulo D is carried
/// over the digits; digits beyond the s-th place must be zero. A state is phase, places read and remainder.</remarks>
internal sealed class MultipleAutomaton : IByteAutomaton
{
    /// <summary>A larger D has too many remainders.</summary>
    private const int MaxDivisor = 1_000_000;

    private const int AtStart = 0, AfterSign = 1, InWhole = 2, InFraction = 3;

    private readonly int _divisor;
    private readonly int _places;

    private MultipleAutomaton(int divisor, int places)
    {
        _divisor = divisor;
        _places = places;
    }

    public int Start => 0;

    public ReadOnlySpan<ByteSet> Alphabet => DecimalAlphabet.Sets;

    /// <summary>Null when the divisor has too many digits.</summary>
    public static MultipleAutomaton? Create(decimal divisor)
    {
        int places = 0;
        while (divisor != decimal.Truncate(divisor) && places < 15)
        {
            divisor *= 10;
            places++;
        }
        return divisor == decimal.Truncate(divisor) && divisor <= MaxDivisor ? new((int)divisor, places) : null;
    }

    public bool IsAccepting(int state)
    {
        (int phase, int places, int remainder) = Unpack(state);
        if (phase is AtStart or AfterSign)
            return false;
        long scaled = remainder;
        for (; places < _places; places++)
            scaled = scaled * 10 % _divisor;
        return scaled == 0;
    }

    public int Next(int state, byte value)
    {
        (int phase, int places, int remainder) = Unpack(state);
        if (value == '-')
            return phase == AtStart ? Pack(AfterSign, 0, 0) : -1;
        if (value == '.')
            return phase == InWhole ? Pack(InFraction, 0, remainder) : -1;
        if (value is < (byte)'0' or > (byte)'9')
            return -1;
        int digit = value - '0';
        if (phase == InFraction && places == _places)
            return digit == 0 ? state : -1;
        int next = (int)((remainder * 10L + digit) % _divisor);
        return phase == InFraction ? Pack(InFraction, places + 1, next) : Pack(InWhole, 0, next);
    }

    private static int Pack(int phase, int places, int remainder) => phase | places << 2 | remainder << 6;

    private static (int Phase, int Places, int Remainder) Unpack(int state) => (state & 3, state >> 2 & 15, state >> 6);
}
