using Gemma4.Engine.Tokenization;
using Xunit;

namespace Gemma4.Engine.Tests.Tokenization;

/// <summary>The encoder against its definition, over random vocabularies.</summary>
public sealed class BytePairEncoderTests
{
    [Fact]
    public void Encodes_as_the_definition_says_whatever_the_vocabulary()
    {
        var random = new Random(1);
        for (int round = 0; round < 100; round++)
        {
            (string[] tokens, (string, string)[] merges) = RandomVocabulary(random);
            // With all byte tokens the text may be cut at barriers; without them it may not.
            bool bytes = random.Next(2) == 0;
            Tokenizer tokenizer = TokenizerFiles.Make(bytes ? [.. tokens, .. TokenizerFiles.Bytes] : tokens, merges)
                .With("model.byte_fallback", bytes ? "true" : "false").Load();
            for (int i = 0; i < 20; i++)
            {
                string text = string.Concat(Enumerable.Range(0, random.Next(i == 0 ? 200 : 30)).Select(_ => "abc▁é🙂"[random.Next(5)]));
                Assert.Equal(Definition(text, merges), tokenizer.Encode(text).Select(tokenizer.TokenText));
            }
        }
    }

    [Theory]
    [InlineData(3)]
    [InlineData(20)]
    [InlineData(21)]
    [InlineData(22)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(1000)]
    public void Equal_ranks_merge_from_the_left(int length)
    {
        Tokenizer tokenizer = TokenizerFiles.Make(["a", "aa", "aaaa"], ("a", "a"), ("aa", "aa")).Load();
        string[] expected = [.. Enumerable.Repeat("aaaa", length / 4), .. Enumerable.Repeat("aa", length % 4 / 2), .. Enumerable.Repeat("a", length % 2)];
        Assert.Equal(expected, tokenizer.Encode(new string('a', length)).Select(tokenizer.TokenText));
    }

    [Fact]
    public void Characters_outside_the_vocabulary_become_bytes_or_unknown_or_nothing()
    {
        string[] tokens = ["<unk>", "a", .. TokenizerFiles.Bytes];
        string[] Encoded(string text, string unk, string fuse, string bytes)
        {
            Tokenizer tokenizer = TokenizerFiles.Make(tokens)
                .With("model.unk_token", unk).With("model.fuse_unk", fuse).With("model.byte_fallback", bytes).Load();
            return [.. tokenizer.Encode(text).Select(tokenizer.TokenText)];
        }
        Assert.Equal(["a", "<0xC3>", "<0xA9>", "a"], Encoded("aéa", "\"<unk>\"", "true", "true"));
        Assert.Equal(["a", "<unk>", "a"], Encoded("aééa", "\"<unk>\"", "true", "false"));
        Assert.Equal(["a", "<unk>", "<unk>", "a"], Encoded("aééa", "\"<unk>\"", "false", "false"));
        Assert.Equal(["a", "a"], Encoded("aééa", "null", "true", "false"));
    }

    [Fact]
    public void A_whole_piece_is_looked_up_first_where_merges_are_ignored()
    {
        Tokenizer Make(string ignore) => TokenizerFiles.Make(["a", "b", "c", "ab", "abc"], ("a", "b")).With("model.ignore_merges", ignore).Load();
        Assert.Equal(["abc"], Make("true").Encode("abc").Select(Make("true").TokenText));
        Assert.Equal(["ab", "c"], Make("false").Encode("abc").Select(Make("false").TokenText));
    }

    [Fact]
    public void Prefix_and_suffix_of_the_file_mark_inner_and_last_symbols()
    {
        Tokenizer tokenizer = TokenizerFiles.Make(["a", "##b", "##b!", "a!", "ab!"], ("a", "##b!"))
            .With("model.continuing_subword_prefix", "\"##\"").With("model.end_of_word_suffix", "\"!\"").Load();
        Assert.Equal(["ab!"], tokenizer.Encode("ab").Select(tokenizer.TokenText));
        Assert.Equal(["a", "##b", "##b!"], tokenizer.Encode("abb").Select(tokenizer.TokenText));
        Assert.Equal(["a!"], tokenizer.Encode("a").Select(tokenizer.TokenText));
    }

    [Fact]
    public void Data_never_merges_into_a_special_token()
    {
        Tokenizer tokenizer = TokenizerFiles.Make(["<", "x", ">", "<x", "<x>"], ("<", "x"), ("<x", ">"))
            .WithAdded(4, "<x>", "special").With("model.ignore_merges", "true").Load();
        Assert.Equal([4], tokenizer.Encode("<x>"));
        Assert.Equal([3, 2], tokenizer.EncodeText("<x>"));
    }

    /// <summary>Of all neighbouring pairs the earliest merge, the leftmost of equals, until none is left.</summary>
    private static List<string> Definition(string text, (string, string)[] merges)
    {
        List<string> symbols = [.. TokenizerFiles.Characters(text)];
        while (true)
        {
            int bestRank = int.MaxValue, best = -1;
            for (int i = 0; i + 1 < symbols.Count; i++)
            {
                int rank = Array.IndexOf(merges, (symbols[i], symbols[i + 1]));
                if (rank >= 0 && rank < bestRank)
                    (bestRank, best) = (rank, i);
            }
            if (best < 0)
                return symbols;
            symbols[best] += symbols[best + 1];
            symbols.RemoveAt(best + 1);
        }
    }

    private static (string[] Tokens, (string, string)[] Merges) RandomVocabulary(Random random)
    {
        List<string> tokens = [.. TokenizerFiles.Characters("abc▁é")];
        List<(string, string)> merges = [];
        for (int i = random.Next(3, 60); i > 0; i--)
        {
            (string left, string right) = (tokens[random.Next(tokens.Count)], tokens[random.Next(tokens.Count)]);
            if (left.Length + right.Length > 12 || merges.Contains((left, right)))
                continue;
            merges.Add((left, right));
            if (!tokens.Contains(left + right))
                tokens.Add(left + right);
        }
        (string, string)[] shuffled = [.. merges];
        random.Shuffle(shuffled);
        return ([.. tokens], shuffled);
    }
}
