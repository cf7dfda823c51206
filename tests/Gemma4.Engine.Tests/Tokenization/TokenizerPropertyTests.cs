using System.Text;
using Gemma4.Engine.Tokenization;
using Xunit;

namespace Gemma4.Engine.Tests.Tokenization;

/// <summary>What holds for every text.</summary>
public sealed class TokenizerPropertyTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Decoding_gives_back_any_encoded_text(bool real)
    {
        Tokenizer tokenizer = real ? Tokenizers.Real : Tokenizers.Demo;
        var texts = new RandomText(seed: 1);
        for (int i = 0; i < 2000; i++)
        {
            string text = texts.Next();
            Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
            Assert.Equal(text, tokenizer.Decode(tokenizer.EncodeText(text)));
        }
    }

    [Fact]
    public void Bytes_of_the_tokens_joined_are_the_text()
    {
        var texts = new RandomText(seed: 2);
        for (int i = 0; i < 1000; i++)
        {
            string text = texts.Next();
            List<byte> bytes = [];
            foreach (int id in Tokenizers.Demo.Encode(text))
                bytes.AddRange(Tokenizers.Demo.TokenBytes(id));
            Assert.Equal(text, Encoding.UTF8.GetString([.. bytes]));
        }
    }

    [Fact]
    public void Halves_of_surrogate_pairs_count_as_replacement_characters()
    {
        // Not inline data: attributes are stored in UTF-8, which has no halves.
        (string Text, string Repaired)[] cases =
        [
            ("\uD83D", "\uFFFD"), ("a\uDE42b", "a\uFFFDb"), ("\uDE42\uD83D", "\uFFFD\uFFFD"), ("\uD83D\uD83D\uDE42", "\uFFFD🙂"),
        ];
        foreach ((string text, string repaired) in cases)
        {
            Assert.Equal(Tokenizers.Demo.Encode(repaired), Tokenizers.Demo.Encode(text));
            Assert.Equal(repaired, Tokenizers.Demo.Decode(Tokenizers.Demo.EncodeText(text)));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Spelled_markers_stay_text_where_text_is_data(bool real)
    {
        Tokenizer tokenizer = real ? Tokenizers.Real : Tokenizers.Demo;
        string[] markers = [.. Enumerable.Range(0, tokenizer.VocabularySize).Where(tokenizer.IsAddedToken).Select(tokenizer.TokenText)];
        Assert.Equal(24, markers.Length);
        foreach (string marker in markers)
        {
            Assert.True(tokenizer.TryGetId(marker, out int id));
            Assert.Equal([id], tokenizer.Encode(marker));
            foreach (string text in new[] { marker, "a" + marker, marker + marker, $" {marker}\n" })
            {
                Assert.DoesNotContain(tokenizer.EncodeText(text), tokenizer.IsAddedToken);
                Assert.Equal(text, tokenizer.Decode(tokenizer.EncodeText(text), skipSpecialTokens: true));
            }
        }
    }

    [Fact]
    public void Encoding_appends_and_gives_the_same_from_many_threads()
    {
        string text = new RandomText(seed: 3).Next(maxParts: 400);
        int[] expected = Tokenizers.Demo.Encode(text);
        Parallel.For(0, 32, _ =>
        {
            List<int> ids = [7];
            Tokenizers.Demo.Encode(text.AsSpan(), recogniseAddedTokens: true, ids);
            Assert.Equal([7, .. expected], ids);
        });
    }

    [Fact]
    public void A_megabyte_without_a_space_costs_little_more_a_character_than_a_hundredth_of_it()
    {
        var random = new Random(4);
        string text = string.Concat(Enumerable.Range(0, 1_000_000).Select(_ => (char)('a' + random.Next(26))));
        Tokenizers.Demo.Encode(text[..100_000]);   // compiled before it is timed
        double small = Seconds(() => Tokenizers.Demo.Encode(text[..10_000]));
        double large = Seconds(() => Tokenizers.Demo.Encode(text));
        // n log n would be about 150 times, a quadratic algorithm 10,000 times.
        Assert.True(large < 1000 * small, $"10,000 characters in {small} s, 1,000,000 in {large} s");

        static double Seconds(Action action)
        {
            double best = double.MaxValue;
            for (int i = 0; i < 3; i++)
            {
                long start = System.Diagnostics.Stopwatch.GetTimestamp();
                action();
                best = Math.Min(best, System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds);
            }
            return best;
        }
    }
}
