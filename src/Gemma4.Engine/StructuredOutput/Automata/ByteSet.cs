namespace Gemma4.Engine.StructuredOutput.Automata;

/// <summary>A set of byte values, one bit each.</summary>
internal readonly record struct ByteSet(ulong W0, ulong W1, ulong W2, ulong W3)
{
    public static ByteSet All { get; } = new(ulong.MaxValue, ulong.MaxValue, ulong.MaxValue, ulong.MaxValue);

    public bool IsEmpty => (W0 | W1 | W2 | W3) == 0;

    public static ByteSet Of(byte value) => Range(value, value);

    public static ByteSet Range(int first, int last)
    {
        Span<ulong> words = stackalloc ulong[4];
        for (int b = first; b <= last; b++)
            words[b >> 6] |= 1UL << (b & 63);
        return new(words[0], words[1], words[2], words[3]);
    }

    public bool Contains(int value) => ((Word(value >> 6) >> (value & 63)) & 1) != 0;

    /// <summary>The smallest member; the set must not be empty.</summary>
    public int First =>
        W0 != 0 ? System.Numerics.BitOperations.TrailingZeroCount(W0)
        : W1 != 0 ? 64 + System.Numerics.BitOperations.TrailingZeroCount(W1)
        : W2 != 0 ? 128 + System.Numerics.BitOperations.TrailingZeroCount(W2)
        : 192 + System.Numerics.BitOperations.TrailingZeroCount(W3);

    public static ByteSet operator |(ByteSet a, ByteSet b) => new(a.W0 | b.W0, a.W1 | b.W1, a.W2 | b.W2, a.W3 | b.W3);

    public static ByteSet operator &(ByteSet a, ByteSet b) => new(a.W0 & b.W0, a.W1 & b.W1, a.W2 & b.W2, a.W3 & b.W3);

    public static ByteSet operator ~(ByteSet a) => new(~a.W0, ~a.W1, ~a.W2, ~a.W3);

    private ulong Word(int index) => index switch { 0 => W0, 1 => W1, 2 => W2, _ => W3 };
}
