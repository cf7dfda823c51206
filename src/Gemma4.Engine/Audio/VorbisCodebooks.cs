using System.Numerics;

namespace Gemma4.Engine.Audio;

/// <summary>Walks the codebooks of a Vorbis setup header, so that tables of absurd sizes are refused before a decoder builds them.</summary>
/// <remarks>Vorbis I specification, section 3.2.1. A header of 4 kB can ask for tables of gigabytes; encoders' books have a few thousand
/// entries.</remarks>
internal ref struct VorbisCodebooks(ReadOnlySpan<byte> setup)
{
    private const int MostEntries = 65_536;
    private const int MostValues = 1 << 20;
    private const int HeaderBytes = 7;

    private readonly ReadOnlySpan<byte> _setup = setup;
    private long _position = HeaderBytes * 8; // in bits, the lowest of each byte first

    /// <summary>Checks all books.</summary>
    /// <exception cref="UnreadableAudioException">The header ends too early, or a book is larger than any encoder makes it.</exception>
    public static void Check(ReadOnlySpan<byte> setup)
    {
        var header = new VorbisCodebooks(setup);
        long values = 0;
        for (int left = (int)header.Read(8) + 1; left > 0; left--)
        {
            values += header.ReadBook();
            if (values > MostValues)
                throw new UnreadableAudioException("damaged (codebooks)");
        }
    }

    /// <summary>Skips a book and returns how many numbers its tables hold.</summary>
    private long ReadBook()
    {
        if (Read(24) != 0x564342)
            throw new UnreadableAudioException("damaged (codebook)");
        int dimensions = (int)Read(16), entries = (int)Read(24);
        if (entries is 0 or > MostEntries || dimensions == 0)
            throw new UnreadableAudioException("damaged (codebook)");
        if (Read(1) != 0)
        {
            Read(5);
            for (int i = 0; i < entries;)
            {
                int bits = 32 - BitOperations.LeadingZeroCount((uint)(entries - i));
                int count = (int)Read(bits);
                if (count == 0 && i + 1 == entries)
                    throw new UnreadableAudioException("damaged (codebook)");
                i += count;
            }
        }
        else
        {
            bool sparse = Read(1) != 0;
            for (int i = 0; i < entries; i++)
            {
                if (!sparse || Read(1) != 0)
                    Read(5);
            }
        }
        int lookup = (int)Read(4);
        if (lookup == 0)
            return entries;
        Read(32);
        Read(32);
        int valueBits = (int)Read(4) + 1;
        Read(1);
        long table = (long)entries * dimensions;
        long stored = table;
        if (lookup == 1)
        {
            for (stored = 1; Math.Pow(stored + 1, dimensions) <= entries; stored++)
            {
            }
        }
        if (table > MostValues)
            throw new UnreadableAudioException("damaged (codebook)");
        for (long i = 0; i < stored; i++)
            Read(valueBits);
        return entries + table;
    }

    private uint Read(int bits)
    {
        if (_position + bits > (long)_setup.Length * 8)
            throw new UnreadableAudioException("damaged (codebooks)");
        uint value = 0;
        for (int i = 0; i < bits; i++, _position++)
            value |= (uint)((_setup[(int)(_position >> 3)] >> (int)(_position & 7)) & 1) << i;
        return value;
    }
}
