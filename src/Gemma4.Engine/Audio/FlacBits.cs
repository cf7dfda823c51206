using System.Numerics;

namespace Gemma4.Engine.Audio;

/// <summary>Reads big-endian bits.</summary>
internal ref struct FlacBits(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private long _position; // in bits

    /// <summary>Whole bytes begun so far.</summary>
    public readonly int BytePosition => (int)((_position + 7) / 8);

    /// <summary>An unsigned number of 0 to 32 bits.</summary>
    public uint Read(int bits)
    {
        if (_position + bits > (long)_bytes.Length * 8)
            throw new UnreadableAudioException("truncated");
        ulong value = 0;
        int at = (int)(_position >> 3), skip = (int)(_position & 7);
        for (int have = -skip; have < bits; have += 8)
            value = (value << 8) | _bytes[at++];
        int surplus = (int)((8 - ((_position + bits) & 7)) & 7);
        _position += bits;
        return (uint)((value >> surplus) & ((1UL << bits) - 1));
    }

    /// <summary>A two's complement number of 1 to 33 bits.</summary>
    public long ReadSigned(int bits)
    {
        long value = bits > 32 ? ((long)Read(bits - 32) << 32) | Read(32) : Read(bits);
        int unused = 64 - bits;
        return value << unused >> unused;
    }

    /// <summary>The number of zeros before the next one.</summary>
    public int ReadUnary()
    {
        int zeros = 0;
        while (true)
        {
            int at = (int)(_position >> 3), skip = (int)(_position & 7);
            if (at >= _bytes.Length)
                throw new UnreadableAudioException("truncated");
            int rest = (byte)(_bytes[at] << skip);
            if (rest != 0)
            {
                int run = BitOperations.LeadingZeroCount((uint)rest) - 24;
                _position += run + 1;
                return zeros + run;
            }
            zeros += 8 - skip;
            _position += 8 - skip;
        }
    }

    /// <summary>A Rice-coded number: quotient in unary, <paramref name="parameter"/> bits of rest, sign in the lowest bit.</summary>
    public long ReadRice(int parameter)
    {
        long folded = ((long)ReadUnary() << parameter) | Read(parameter);
        return (folded >> 1) ^ -(folded & 1);
    }

    /// <summary>Goes on to the next whole byte.</summary>
    public void Align() => _position = (_position + 7) & ~7L;
}
