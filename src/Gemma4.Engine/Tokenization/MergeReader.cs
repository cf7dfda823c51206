using System.Text.Json;

namespace Gemma4.Engine.Tokenization;

/// <summary>Two neighbouring tokens and the one that takes their place; the lower the rank, the sooner.</summary>
internal readonly record struct Merge(int Left, int Right, int Rank, int Product);

/// <summary>Reads merges: pairs of tokens, or strings with a space between the two, the earlier the sooner merged.</summary>
internal sealed class MergeReader(TokenizerFile file, string key, Vocabulary vocabulary, int subwordPrefixBytes)
{
    private byte[] _scratch = new byte[256];
    private byte[] _left = new byte[256];
    private byte[] _joined = new byte[512];
    private int _product;   // of the merge before

    /// <summary>Reads on from the array's beginning to its end.</summary>
    public List<Merge> Read(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw file.Error(key, "an array is expected");
        List<Merge> merges = [];
        int rank = 0;
        try
        {
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (reader.TokenType == JsonTokenType.StartArray)
                    merges.Add(ReadPair(ref reader, rank));
                else if (reader.TokenType != JsonTokenType.String)
                    throw Error(rank, "a pair of tokens is expected");
                else if (!reader.ValueSpan.StartsWith("#version"u8))   // a heading in files made from merges.txt
                    merges.Add(ReadLine(ref reader, rank));
                else
                    continue;
                rank++;
            }
        }
        catch (InvalidOperationException e)
        {
            throw Error(rank, $"a token is not Unicode text: {e.Message}");
        }
        return merges;
    }

    /// <summary>Reads strings, each two tokens with a space between them, as llama.cpp does: cut at the first space that is not the first character.</summary>
    public List<Merge> Read(IReadOnlyList<ReadOnlyMemory<byte>> lines)
    {
        var merges = new List<Merge>(lines.Count);
        for (int rank = 0; rank < lines.Count; rank++)
        {
            ReadOnlySpan<byte> line = lines[rank].Span;
            int space = line.Length < 2 ? -1 : line[1..].IndexOf((byte)' ') + 1;
            if (space < 1 || space == line.Length - 1)
                throw Error(rank, "two tokens with one space between them are expected");
            merges.Add(Join(line[..space], line[(space + 1)..], rank));
        }
        return merges;
    }

    private Merge ReadPair(ref Utf8JsonReader reader, int rank)
    {
        ReadOnlySpan<byte> first = Part(ref reader, rank);
        if (first.Length > _left.Length)
            _left = new byte[first.Length * 2];
        first.CopyTo(_left);
        ReadOnlySpan<byte> left = _left.AsSpan(0, first.Length);
        ReadOnlySpan<byte> right = Part(ref reader, rank);
        if (!reader.Read() || reader.TokenType != JsonTokenType.EndArray)
            throw Error(rank, "exactly two tokens are expected");
        return Join(left, right, rank);
    }

    private ReadOnlySpan<byte> Part(ref Utf8JsonReader reader, int rank)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.String)
            throw Error(rank, "exactly two tokens are expected");
        return VocabularyReader.Utf8(ref reader, ref _scratch);
    }

    private Merge ReadLine(ref Utf8JsonReader reader, int rank)
    {
        ReadOnlySpan<byte> line = VocabularyReader.Utf8(ref reader, ref _scratch);
        int space = line.IndexOf((byte)' ');
        if (space < 0 || line[(space + 1)..].Contains((byte)' '))
            throw Error(rank, "two tokens with one space between them are expected");
        return Join(line[..space], line[(space + 1)..], rank);
    }

    private Merge Join(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, int rank)
    {
        if (right.Length < subwordPrefixBytes)
            throw Error(rank, "the second token is shorter than model.continuing_subword_prefix");
        ReadOnlySpan<byte> tail = right[subwordPrefixBytes..];
        if (left.Length + tail.Length > _joined.Length)
            _joined = new byte[2 * (left.Length + tail.Length)];
        left.CopyTo(_joined);
        tail.CopyTo(_joined.AsSpan(left.Length));
        ReadOnlySpan<byte> joined = _joined.AsSpan(0, left.Length + tail.Length);
        // Merges mostly come in the order of what they make, several ways to make one token together: look there first.
        if (!IsAt(joined, _product))
            _product = IsAt(joined, _product + 1) ? _product + 1 : Find(joined, rank);
        return new Merge(Find(left, rank), Find(right, rank), rank, _product);
    }

    private bool IsAt(ReadOnlySpan<byte> token, int id) => vocabulary.Contains(id) && token.SequenceEqual(vocabulary[id]);

    private int Find(ReadOnlySpan<byte> token, int rank)
    {
        int id = vocabulary.Find(token);
        return id >= 0 ? id : throw Error(rank, $"'{System.Text.Encoding.UTF8.GetString(token)}' is not in the vocabulary");
    }

    private InvalidDataException Error(int rank, string cause) => file.Error($"{key}[{rank}]", cause);
}
