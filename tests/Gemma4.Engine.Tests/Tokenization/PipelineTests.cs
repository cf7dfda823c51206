using Gemma4.Engine.Tokenization;
using Xunit;

namespace Gemma4.Engine.Tests.Tokenization;

/// <summary>Normalisers, pre-tokenizers, decoders and post-processors, each as its key says. Expected values are those of
/// Hugging Face tokenizers 0.22.2 for the same files.</summary>
public sealed class PipelineTests
{
    [Theory]
    [InlineData("null", " ab ", " ab ")]
    [InlineData("""{"type":"Replace","pattern":{"String":"aa"},"content":"b"}""", "aaa", "ba")]
    [InlineData("""{"type":"Replace","pattern":{"String":""},"content":"b"}""", "aaa", "aaa")]
    [InlineData("""{"type":"Prepend","prepend":"▁"}""", "ab", "▁ab")]
    [InlineData("""{"type":"Prepend","prepend":"▁"}""", "", "")]
    [InlineData("""{"type":"Strip","strip_left":true,"strip_right":false}""", " ab ", "ab ")]
    [InlineData("""{"type":"Strip","strip_left":true,"strip_right":true}""", " ab\n", "ab")]
    [InlineData("""{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"a"},{"type":"Replace","pattern":{"String":"ab"},"content":" "}]}""", "bb", " b")]
    public void Normalizer_changes_the_text(string normalizer, string text, string expected)
    {
        Tokenizer tokenizer = TokenizerFiles.Make(TokenizerFiles.Characters("ab▁ \n")).With("normalizer", normalizer).Load();
        Assert.Equal(expected, tokenizer.Decode(tokenizer.Encode(text)));
    }

    // Everything merges, so tokens show where the text was cut.
    [Theory]
    [InlineData("null", "a a", "a a")]
    [InlineData("""{"type":"Split","pattern":{"String":" "},"behavior":"Removed","invert":false}""", "a  a", "a|a")]
    [InlineData("""{"type":"Split","pattern":{"String":" "},"behavior":"Isolated","invert":false}""", "a  a", "a| | |a")]
    [InlineData("""{"type":"Split","pattern":{"String":" "},"behavior":"MergedWithPrevious","invert":false}""", "a  a", "a | |a")]
    [InlineData("""{"type":"Split","pattern":{"String":" "},"behavior":"MergedWithNext","invert":false}""", "a  a", "a| | a")]
    [InlineData("""{"type":"Split","pattern":{"String":" "},"behavior":"Contiguous","invert":false}""", "a  a", "a|  |a")]
    [InlineData("""{"type":"Split","pattern":{"String":" "},"behavior":"Removed","invert":true}""", "a  a", " | ")]
    [InlineData("""{"type":"Split","pattern":{"String":" "},"behavior":"Removed","invert":true}""", "aa", "")]
    [InlineData("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}""", "a a", "▁a|▁a")]
    [InlineData("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"never","split":true}""", "a a", "a|▁a")]
    [InlineData("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":false}""", "a a", "▁a▁a")]
    [InlineData("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":true}""", "a<x>a", "▁a|<x>|a")]
    [InlineData("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}""", "a<x>a", "▁a|<x>|▁a")]
    public void Pre_tokenizer_cuts_the_text(string preTokenizer, string text, string expected)
    {
        string[] tokens = ["a", " ", "▁", "a ", " a", "  ", "a a", "  a", "a  ", "aa", "▁a", "a▁", "▁a▁", "▁a▁a"];
        (string, string)[] merges =
            [(" ", " "), ("a", " "), ("a ", "a"), ("a ", " "), (" ", "a"), ("  ", "a"), ("▁", "a"), ("▁a", "▁a"), ("a", "a")];
        Tokenizer tokenizer = TokenizerFiles.Make(tokens, merges).WithAdded(50, "<x>").With("pre_tokenizer", preTokenizer).Load();
        Assert.Equal(expected, string.Join('|', tokenizer.Encode(text).Select(tokenizer.TokenText)));
    }

    [Theory]
    [InlineData("null", "a b ▁ <0xC3> <0xA9>")]
    [InlineData("""{"type":"Fuse"}""", "ab▁<0xC3><0xA9>")]
    [InlineData("""{"type":"ByteFallback"}""", "ab▁é")]
    [InlineData("""{"type":"Replace","pattern":{"String":"ab"},"content":"x"}""", "ab▁<0xC3><0xA9>")]
    [InlineData("""{"type":"Sequence","decoders":[{"type":"Fuse"},{"type":"Replace","pattern":{"String":"ab"},"content":"x"}]}""", "x▁<0xC3><0xA9>")]
    [InlineData("""{"type":"Sequence","decoders":[{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":"a","start":1,"stop":0}]}""", "b▁é")]
    [InlineData("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}""", "ab <0xC3><0xA9>")]
    public void Decoder_joins_the_tokens(string decoder, string expected)
    {
        Tokenizer tokenizer = TokenizerFiles.Make(["a", "b", "▁", "<0xC3>", "<0xA9>"]).With("decoder", decoder).Load();
        Assert.Equal(expected, tokenizer.Decode([0, 1, 2, 3, 4]));
    }

    [Fact]
    public void Bytes_of_a_token_are_those_it_gives_amid_others()
    {
        const string gemma2 = """
            {"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},
             {"type":"Strip","content":" ","start":1,"stop":0}]}
            """;
        Tokenizer tokenizer = TokenizerFiles.Make(["▁a", "<0xE2>", "<0xG2>"]).With("decoder", gemma2).Load();
        Assert.Equal(" a"u8.ToArray(), tokenizer.TokenBytes(0).ToArray());
        Assert.Equal([0xE2], tokenizer.TokenBytes(1).ToArray());
        Assert.Equal("<0xG2>"u8.ToArray(), tokenizer.TokenBytes(2).ToArray());
        Assert.Equal("a a", tokenizer.Decode([0, 0]));
    }

    [Fact]
    public void Post_processor_adds_its_tokens_only_when_asked()
    {
        Assert.Equal([2, .. Tokenizers.Demo.Encode("Hello")], Tokenizers.Demo.EncodeWithPostProcessor("Hello"));
        Tokenizer around = TokenizerFiles.Make(["a", "b"]).With("post_processor", """
            {"type":"Sequence","processors":[{"type":"ByteLevel"},{"type":"TemplateProcessing",
             "single":[{"SpecialToken":{"id":"b","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"b","type_id":0}}],
             "special_tokens":{"b":{"id":"b","ids":[1,1],"tokens":["b","b"]}}}]}
            """).Load();
        Assert.Equal([1, 1, 0, 1, 1], around.EncodeWithPostProcessor("a"));
        Assert.Equal([0], around.Encode("a"));
    }

    [Fact]
    public void Merges_written_as_lines_and_before_the_vocabulary_are_read_alike()
    {
        Tokenizer tokenizer = TokenizerFiles.LoadText(
            """{"model":{"merges":["#version: 0.2","a b","ab \u0063"],"vocab":{"a":0,"b":1,"c":2,"ab":3,"\u0061bc":4},"type":"BPE"},"decoder":{"type":"Fuse"}}""");
        Assert.Equal([4, 3], tokenizer.Encode("abcab"));
    }
}
