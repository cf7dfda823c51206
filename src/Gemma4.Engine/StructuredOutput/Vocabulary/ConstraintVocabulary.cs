using System.Text;
using Gemma4.Engine.StructuredOutput.Automata;

namespace Gemma4.Engine.StructuredOutput.Vocabulary;

/// <summary>The vocabulary as masks need it, built once and shared by all grammars: tokens sorted by what they can end, each kind a trie.</summary>
internal sealed class ConstraintVocabulary
{
    /// <summary>A byte that no grammar accepts.</summary>
    private static readonly byte[] Unusable = [0xFE];

    private readonly uint[][] _plainUpTo;
    private readonly byte[][] _bytes;
    private readonly int[] _endTokens;
    private readonly uint[] _text;

    /// <param name="size">Token ids are below this.</param>
    /// <param name="bytesOf">The bytes a token stands for; an empty token is never allowed.</param>
    /// <param name="isControl">Control tokens have effect by id; their spelling does not count.</param>
    /// <param name="endTokens">End a sequence.</param>
    public ConstraintVocabulary(int size, Func<int, byte[]> bytesOf, Func<int, bool> isControl, IEnumerable<int> endTokens)
    {
        Size = size;
        _bytes = new byte[size][];
        _endTokens = [.. endTokens];
        _text = new uint[NumWords];
        List<(int, byte[])> plain = [], unquoted = [], quoted = [], control = [];
        List<(int Id, int NumChars)> lengths = [];
        for (int id = 0; id < size; id++)
        {
            if (isControl(id))
            {
                control.Add((id, _bytes[id] = RxBuilder.ControlTokenBytes(id)));
                continue;
            }
            byte[] bytes = _bytes[id] = bytesOf(id);
            // No text holds the byte that stands for control tokens; a token of it must not pass for one.
            if (bytes.Length is 0 or > byte.MaxValue || bytes.Contains(RxBuilder.ControlByte) || IsEndToken(id))
            {
                _bytes[id] = Unusable;
                continue;
            }
            _text[id >> 5] |= 1u << (id & 31);
            if (bytes.AsSpan().Contains((byte)'"'))
                quoted.Add((id, bytes));
            else if (NumPlainChars(bytes) is int chars and > 0)
            {
                plain.Add((id, bytes));
                lengths.Add((id, chars));
            }
            else
                unquoted.Add((id, bytes));
        }
        Plain = new(plain);
        Unquoted = new(unquoted);
        Quoted = new(quoted);
        Control = new(control);
        MaxPlainChars = lengths.Count == 0 ? 0 : lengths.Max(l => l.NumChars);
        _plainUpTo = Cumulate(lengths);
    }

    public int Size { get; }

    /// <summary>See <see cref="ConstraintOptions.LoopLimit"/>.</summary>
    public int LoopLimit { get; init; } = new ConstraintOptions().LoopLimit;

    public int NumWords => (Size + 31) / 32;

    /// <summary>Whole characters that a JSON string holds as they are: no quotation mark, backslash or control character.</summary>
    public TokenTrie Plain { get; }

    /// <summary>Other text without a quotation mark: backslashes, line ends, parts of characters.</summary>
    public TokenTrie Unquoted { get; }

    /// <summary>Text with a quotation mark.</summary>
    public TokenTrie Quoted { get; }

    /// <summary>Control tokens, spelled as <see cref="RxBuilder.ControlTokenBytes"/> does.</summary>
    public TokenTrie Control { get; }

    /// <summary>Characters of the longest plain token.</summary>
    public int MaxPlainChars { get; }

    /// <summary>Bits of the plain tokens of at most so many characters; shared, not to be modified.</summary>
    public uint[] PlainUpTo(int chars) => _plainUpTo[Math.Min(chars, MaxPlainChars)];

    /// <summary>What a token reads as: its text, or the spelling of a control token.</summary>
    public ReadOnlySpan<byte> BytesOf(int tokenId) => _bytes[tokenId];

    public bool IsEndToken(int tokenId) => Array.IndexOf(_endTokens, tokenId) >= 0;

    public void AddEndTokens(Span<uint> mask)
    {
        foreach (int id in _endTokens)
            mask[id >> 5] |= 1u << (id & 31);
    }

    /// <summary>Overwrites <paramref name="mask"/> with all tokens that are text.</summary>
    public void FillText(Span<uint> mask) => _text.CopyTo(mask);

    private static int? NumPlainChars(byte[] bytes)
    {
        int chars = 0;
        ReadOnlySpan<byte> rest = bytes;
        while (!rest.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(rest, out Rune rune, out int used) != System.Buffers.OperationStatus.Done)
                return null;
            if (rune.Value < 0x20 || rune.Value == '\\')
                return null;
            rest = rest[used..];
            chars++;
        }
        return chars;
    }

    private uint[][] Cumulate(List<(int Id, int NumChars)> lengths)
    {
        uint[][] upTo = new uint[MaxPlainChars + 1][];
        upTo[0] = new uint[NumWords];
        ILookup<int, int> byLength = lengths.ToLookup(l => l.NumChars, l => l.Id);
        for (int chars = 1; chars <= MaxPlainChars; chars++)
        {
            if (!byLength.Contains(chars))
            {
                upTo[chars] = upTo[chars - 1];
                continue;
            }
            upTo[chars] = [.. upTo[chars - 1]];
            foreach (int id in byLength[chars])
                upTo[chars][id >> 5] |= 1u << (id & 31);
        }
        return upTo;
    }
}
