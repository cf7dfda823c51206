using System.Text;

namespace Gemma4.Engine.Tokenization;

/// <summary>
/// Finds places in a text that no merge can cross: a merge across characters <c>x|y</c> would give a token that holds
/// <c>xy</c>, so where no product of a merge holds <c>xy</c> the text may be cut, and the parts encode exactly as the whole.
/// </summary>
/// <remarks>
/// The set of neighbours is a one-hash Bloom filter: a false "may merge" costs a longer part, never a different result. With
/// Gemma's vocabulary the cuts fall before almost every space, so that parts are words.
/// </remarks>
internal sealed class MergeBarrier
{
    private const int Bits = 21;

    private readonly ulong[] _neighbours = new ulong[1 << (Bits - 6)];

    /// <summary>Registers the product of a merge.</summary>
    public void Add(ReadOnlySpan<byte> product)
    {
        Span<char> chars = product.Length <= 256 ? stackalloc char[256] : new char[product.Length];
        chars = chars[..Encoding.UTF8.GetChars(product, chars)];
        for (int i = 1; i < chars.Length; i++)
        {
            uint bit = Bit(chars[i - 1], chars[i]);
            _neighbours[bit >> 6] |= 1UL << (int)(bit & 63);
        }
    }

    /// <summary>True when no merge crosses from the first character to the second.</summary>
    public bool Separates(char left, char right)
    {
        uint bit = Bit(left, right);
        return (_neighbours[bit >> 6] >> (int)(bit & 63) & 1) == 0 && !char.IsLowSurrogate(right);
    }

    private static uint Bit(char left, char right) => (((uint)left << 16 | right) * 0x9E3779B1u) >> (32 - Bits);
}
