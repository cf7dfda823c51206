using System.Text.Json;

namespace Gemma4.Engine.Tokenization;

/// <summary>Reads <c>model.merges</c>: pairs of tokens, or strings with a space between the two, the earlier the sooner merged.</summary>
internal sealed class MergeReader(TokenizerFile file, Vocabulary vocabulary, int subwordPrefixBytes)
{
    private byte[] _scratch = new byte[256];
    private byte[] _left = new byte[256];
    private byte[] _joined = new byte[512];

    /// <summary>Calls back with left, right, rank and product of each merge in order.</summary>
    public void Read(Action<int, int, int, int> merge)
    {
        var reader = new Utf8JsonReader(file[file.Merges]);
        reader.Read();
        int rank = 0;
        try
        {
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (reader.TokenType == JsonTokenType.StartArray)
                    ReadPair(ref reader, rank, merge);
                else if (reader.TokenType != JsonTokenType.String)
                    throw Error(rank, "a pair of tokens is expected");
                else if (!reader.ValueSpan.StartsWith("#version"u8))   // a heading in files made from merges.txt
                    ReadLine(ref reader, rank, merge);
                else
                    continue;
                rank++;
            }
        }
        catch (InvalidOperationException e)
        {
            throw Error(rank, $"a token is not Unicode text: {e.Message}");
        }
    }

    private void ReadPair(ref Utf8JsonReader reader, int rank, Action<int, int, int, int> merge)
    {
        ReadOnlySpan<byte> first = Part(ref reader, rank);
        if (first.Length > _left.Length)
            _left = new byte[first.Length * 2];
        first.CopyTo(_left);
        ReadOnlySpan<byte> left = _left.AsSpan(0, first.Length);
        ReadOnlySpan<byte> right = Part(ref reader, rank);
        if (!reader.Read() || reader.TokenType != JsonTokenType.EndArray)
            throw Error(rank, "exactly two tokens are expected");
        Merge(left, right, rank, merge);
    }

    private ReadOnlySpan<byte> Part(ref Utf8JsonReader reader, int rank)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.String)
            throw Error(rank, "exactly two tokens are expected");
        return VocabularyReader.Utf8(ref reader, ref _scratch);
    }

    private void ReadLine(ref Utf8JsonReader reader, int rank, Action<int, int, int, int> merge)
    {
        ReadOnlySpan<byte> line = VocabularyReader.Utf8(ref reader, ref _scratch);
        int space = line.IndexOf((byte)' ');
        if (space < 0 || line[(space + 1)..].Contains((byte)' '))
            throw Error(rank, "two tokens with one space between them are expected");
        Merge(line[..space], line[(space + 1)..], rank, merge);
    }

    private void Merge(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, int rank, Action<int, int, int, int> merge)
    {
        if (right.Length < subwordPrefixBytes)
            throw Error(rank, "the second token is shorter than model.continuing_subword_prefix");
        ReadOnlySpan<byte> tail = right[subwordPrefixBytes..];
        if (left.Length + tail.Length > _joined.Length)
            _joined = new byte[2 * (left.Length + tail.Length)];
        left.CopyTo(_joined);
        tail.CopyTo(_joined.AsSpan(left.Length));
        merge(Find(left, rank), Find(right, rank), rank, Find(_joined.AsSpan(0, left.Length + tail.Length), rank));
    }

    private int Find(ReadOnlySpan<byte> token, int rank)
    {
        int id = vocabulary.Find(token);
        return id >= 0 ? id : throw Error(rank, $"'{System.Text.Encoding.UTF8.GetString(token)}' is not in model.vocab");
    }

    private InvalidDataException Error(int rank, string cause) => file.Error($"model.merges[{rank}]", cause);
}
