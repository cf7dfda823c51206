using System.Text;

namespace Gemma4.Engine.Tokenization;

/// <summary>The tokens that byte-pair encoding starts from: one a character, its bytes where the vocabulary lacks it, or the unknown token.</summary>
internal sealed class InitialSymbols
{
    private readonly Vocabulary _vocabulary;
    private readonly int[] _single = new int[char.MaxValue + 1];   // by UTF-16 unit: the token of that character alone, or -1
    private readonly int[]? _byteTokens;                           // by byte value, -1 where absent; null without byte fallback
    private readonly int _unknown;                                 // -1: unknown characters vanish
    private readonly bool _fuseUnknown;
    private readonly string _subwordPrefix;
    private readonly string _wordSuffix;

    public InitialSymbols(Vocabulary vocabulary, bool byteFallback, int unknown, bool fuseUnknown, string subwordPrefix, string wordSuffix)
    {
        (_vocabulary, _unknown, _fuseUnknown, _subwordPrefix, _wordSuffix) = (vocabulary, unknown, fuseUnknown, subwordPrefix, wordSuffix);
        Array.Fill(_single, -1);
        for (int id = 0; id < vocabulary.Size; id++)
        {
            ReadOnlySpan<byte> token = vocabulary[id];
            if (token.Length is 1 or 2 or 3 && Rune.DecodeFromUtf8(token, out Rune rune, out int used) == 0 && used == token.Length)
                _single[rune.Value] = id;
        }
        if (byteFallback)
            _byteTokens = [.. Enumerable.Range(0, 256).Select(b => vocabulary.FindInModel(Encoding.UTF8.GetBytes($"<0x{b:X2}>")))];
    }

    /// <summary>True when every text becomes characters and bytes of the vocabulary, each on its own.</summary>
    public bool CoverEverything => _byteTokens is not null && !_byteTokens.Contains(-1) && _subwordPrefix.Length + _wordSuffix.Length == 0;

    public IReadOnlyList<int> ByteTokens => _byteTokens ?? [];

    /// <summary>At most this many symbols come of a text of this many UTF-16 units.</summary>
    public int Bound(int length) => checked(length * 3 + 3 * (_subwordPrefix.Length * length + _wordSuffix.Length) + 1);

    /// <summary>Writes the symbols of a whole text.</summary>
    /// <returns>How many were written.</returns>
    public int Write(ReadOnlySpan<char> text, Span<int> symbols)
    {
        int count = 0;
        bool unknownPending = false;
        for (int i = 0; i < text.Length;)
        {
            int length = char.IsHighSurrogate(text[i]) ? 2 : 1;
            bool bare = (i == 0 || _subwordPrefix.Length == 0) && (i + length < text.Length || _wordSuffix.Length == 0);
            int id = length == 1 && bare ? _single[text[i]] : -1;
            int bytes = 0;
            if (id < 0)
                id = FindLong(text.Slice(i, length), i > 0, i + length == text.Length, symbols[count..], out bytes);
            i += length;
            // The reference leaves a pending unknown token pending while bytes pass by: kept, since ids must be equal.
            if (bytes > 0)
                count += bytes;
            else if (id >= 0)
            {
                FlushUnknown(symbols, ref count, ref unknownPending);
                symbols[count++] = id;
            }
            else if (_unknown >= 0)
            {
                if (!_fuseUnknown)
                    FlushUnknown(symbols, ref count, ref unknownPending);
                unknownPending = true;
            }
        }
        FlushUnknown(symbols, ref count, ref unknownPending);
        return count;
    }

    private void FlushUnknown(Span<int> symbols, ref int count, ref bool pending)
    {
        if (pending)
            symbols[count++] = _unknown;
        pending = false;
    }

    /// <summary>The slow way: characters beyond the basic plane, with prefix or suffix, or absent from the vocabulary.</summary>
    private int FindLong(ReadOnlySpan<char> character, bool prefixed, bool suffixed, Span<int> bytes, out int numBytes)
    {
        string symbol = string.Concat(prefixed ? _subwordPrefix : "", character, suffixed ? _wordSuffix : "");
        Span<byte> utf8 = symbol.Length <= 64 ? stackalloc byte[192] : new byte[Encoding.UTF8.GetMaxByteCount(symbol.Length)];
        utf8 = utf8[..Encoding.UTF8.GetBytes(symbol, utf8)];
        int id = _vocabulary.FindInModel(utf8);
        numBytes = 0;
        if (id >= 0 || _byteTokens is null)
            return id;
        foreach (byte value in utf8)
        {
            if (_byteTokens[value] < 0)
                return -1;
        }
        for (; numBytes < utf8.Length; numBytes++)
            bytes[numBytes] = _byteTokens[utf8[numBytes]];
        return -1;
    }
}
