using System.Text;
using Gemma4.Engine.Tokenization;
using Xunit;

namespace Gemma4.Engine.Tests.Tokenization;

public sealed class IncrementalDetokenizerTests
{
    private const string Pipeline = """{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"}]}""";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Pieces_are_the_decoded_text_for_any_ids(bool skipSpecialTokens)
    {
        var random = new Random(1);
        int[] bytes = [.. Enumerable.Range(0, 256).Select(b => Tokenizers.Demo.TryGetId($"<0x{b:X2}>", out int id) ? id : -1)];
        for (int round = 0; round < 2000; round++)
        {
            int[] ids = [.. Enumerable.Range(0, random.Next(20)).Select(_ =>
                random.Next(2) == 0 ? bytes[random.Next(256)] : random.Next(-1, Tokenizers.Demo.VocabularySize + 2))];
            Assert.Equal(Tokenizers.Demo.Decode(ids, skipSpecialTokens), Joined(Tokenizers.Demo, ids, skipSpecialTokens, out _));
        }
    }

    [Fact]
    public void No_piece_holds_half_a_character()
    {
        Tokenizer onlyBytes = TokenizerFiles.Make(TokenizerFiles.Bytes).With("model.byte_fallback", "true").With("decoder", Pipeline).Load();
        var texts = new RandomText(seed: 5);
        for (int i = 0; i < 500; i++)
        {
            string text = texts.Next();
            foreach (Tokenizer tokenizer in new[] { onlyBytes, Tokenizers.Demo })
            {
                Assert.Equal(text, Joined(tokenizer, tokenizer.EncodeText(text), false, out List<string> pieces));
                Assert.All(pieces, p => Assert.Equal(p, Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(p))));
            }
        }
    }

    [Fact]
    public void A_run_of_bytes_is_held_until_it_ends_and_then_whole_or_all_replaced()
    {
        Tokenizer tokenizer = TokenizerFiles.Make([.. TokenizerFiles.Bytes, "x"]).With("model.byte_fallback", "true").With("decoder", Pipeline).Load();
        var detokenizer = new IncrementalDetokenizer(tokenizer);
        int[] euro = [0xE2, 0x82, 0xAC];
        Assert.Equal(["", "", ""], euro.Select(detokenizer.Append));
        Assert.Equal("€x", detokenizer.Append(256));
        Assert.Equal(["", "", "", ""], euro.Append(0xFF).Select(detokenizer.Append));
        Assert.Equal("\uFFFD\uFFFD\uFFFD\uFFFDx", detokenizer.Append(256));
        Assert.Equal("", detokenizer.Append(0xE2));
        Assert.Equal("\uFFFD", detokenizer.Flush());
        Assert.Equal("", detokenizer.Flush());
    }

    [Fact]
    public void Ordinary_text_is_not_held_back()
    {
        var detokenizer = new IncrementalDetokenizer(Tokenizers.Demo);
        foreach (int id in Tokenizers.Demo.Encode("The capital of France is Paris."))
            Assert.NotEqual("", detokenizer.Append(id));
        Assert.Equal("", detokenizer.Flush());
    }

    [Fact]
    public void Every_supported_decoder_streams_what_it_decodes()
    {
        var random = new Random(6);
        string[] steps =
        [
            """{"type":"Replace","pattern":{"String":"▁"},"content":" "}""", """{"type":"Replace","pattern":{"String":"aab"},"content":"b"}""",
            """{"type":"ByteFallback"}""", """{"type":"Fuse"}""", """{"type":"Strip","content":" ","start":1,"stop":2}""",
            """{"type":"Strip","content":"a","start":2,"stop":0}""", """{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":true}""",
        ];
        string[] tokens = [.. TokenizerFiles.Bytes, "a", "aa", "b", "ab", "▁", "▁a", "a▁▁", "é"];
        for (int round = 0; round < 300; round++)
        {
            string decoder = round == 0 ? "null" : $$"""{"type":"Sequence","decoders":[{{string.Join(',', Enumerable.Range(0, 4).Select(_ => steps[random.Next(steps.Length)]))}}]}""";
            Tokenizer tokenizer = TokenizerFiles.Make(tokens).With("decoder", decoder).Load();
            for (int i = 0; i < 10; i++)
            {
                int[] ids = [.. Enumerable.Range(0, 12).Select(_ => random.Next(3) == 0 ? random.Next(256) : random.Next(256, tokens.Length))];
                Assert.Equal(tokenizer.Decode(ids), Joined(tokenizer, ids, false, out _));
            }
        }
    }

    private static string Joined(Tokenizer tokenizer, int[] ids, bool skipSpecialTokens, out List<string> pieces)
    {
        var detokenizer = new IncrementalDetokenizer(tokenizer, skipSpecialTokens);
        pieces = [.. ids.Select(detokenizer.Append), detokenizer.Flush()];
        return string.Concat(pieces);
    }
}
