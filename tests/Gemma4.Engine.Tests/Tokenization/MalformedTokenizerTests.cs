using Gemma4.Engine.Tokenization;
using Xunit;

namespace Gemma4.Engine.Tests.Tokenization;

/// <summary>A refused file is named with the key at fault and the cause.</summary>
public sealed class MalformedTokenizerTests
{
    [Theory]
    [InlineData("", "not valid JSON")]
    [InlineData("{", "not valid JSON")]
    [InlineData("{}{", "not valid JSON")]
    [InlineData("[]", "$: an object")]
    [InlineData("{}", "model: missing")]
    [InlineData("""{"model":3}""", "model: an object")]
    [InlineData("""{"model":{"vocab":{}}}""", "model.merges: missing")]
    [InlineData("""{"model":{"merges":[]}}""", "model.vocab: missing")]
    [InlineData("""{"model":{"type":"Unigram","vocab":[]}}""", "model.vocab: an object")]
    [InlineData("""{"model":{"type":"WordPiece","vocab":{},"merges":[]}}""", "model.type: only BPE is supported, found \"WordPiece\"")]
    [InlineData("""{"model":{"vocab":{"a":"0"},"merges":[]}}""", "model.vocab['a']: the id is not a whole number")]
    [InlineData("""{"model":{"vocab":{"a":1.5},"merges":[]}}""", "model.vocab['a']: the id is not a whole number")]
    [InlineData("""{"model":{"vocab":{"a":-1},"merges":[]}}""", "model.vocab['a']: the id -1 is outside")]
    [InlineData("""{"model":{"vocab":{"a":2000000000},"merges":[]}}""", "model.vocab['a']: the id 2000000000 is outside")]
    [InlineData("""{"model":{"vocab":{"a":0,"b":0},"merges":[]}}""", "model.vocab['b']: the id 0 also belongs to 'a'")]
    [InlineData("""{"model":{"vocab":{"a":0,"a":1},"merges":[]}}""", "model.vocab['a']: the token has the id 0 already")]
    [InlineData("""{"model":{"vocab":{"\ud800":0},"merges":[]}}""", "model.vocab: a token is not Unicode text")]
    [InlineData("""{"model":{"vocab":{"a":0},"merges":[["a"]]}}""", "model.merges[0]: exactly two tokens")]
    [InlineData("""{"model":{"vocab":{"a":0},"merges":[["a","a","a"]]}}""", "model.merges[0]: exactly two tokens")]
    [InlineData("""{"model":{"vocab":{"a":0,"aa":1},"merges":[["a","a"],["a","b"]]}}""", "model.merges[1]: 'ab' is not in the vocabulary")]
    [InlineData("""{"model":{"vocab":{"a":0,"ab":1},"merges":[["a","b"]]}}""", "model.merges[0]: 'b' is not in the vocabulary")]
    [InlineData("""{"model":{"vocab":{"a":0,"aa":1},"merges":["aa"]}}""", "model.merges[0]: two tokens with one space")]
    [InlineData("""{"model":{"vocab":{"a":0},"merges":[7]}}""", "model.merges[0]: a pair of tokens")]
    public void Broken_file_is_refused(string json, string message) => Refused(json, message);

    [Theory]
    [InlineData("model.dropout", "0.1", "model.dropout: only null or 0")]
    [InlineData("model.unk_token", "\"<unk>\"", "model.unk_token: '<unk>' is not in model.vocab")]
    [InlineData("model.byte_fallback", "1", "model.byte_fallback: true or false")]
    [InlineData("added_tokens", """[{"id":0,"content":"b"}]""", "added_tokens[0] ('b', id 0): the id 0 also belongs to 'a'")]
    [InlineData("added_tokens", """[{"id":9,"content":"a"}]""", "added_tokens[0] ('a', id 9): the token has the id 0 already")]
    [InlineData("added_tokens", """[{"id":9}]""", "added_tokens[0].content: missing")]
    [InlineData("added_tokens", """[{"id":9,"content":"b","lstrip":"yes"}]""", "added_tokens[0].lstrip: true or false")]
    [InlineData("normalizer", """{"type":"BertNormalizer"}""", "normalizer.type: 'BertNormalizer' is not supported")]
    [InlineData("normalizer", """{"type":"Sequence","normalizers":[{"type":"Replace","pattern":{"Regex":" +"},"content":""}]}""",
        "normalizer.normalizers[0].pattern: only a pattern {\"String\": …} is supported")]
    [InlineData("normalizer", "{}", "normalizer.type: missing")]
    [InlineData("normalizer", "7", "normalizer: an object is expected")]
    [InlineData("pre_tokenizer", """{"type":"ByteLevel"}""", "pre_tokenizer.type: 'ByteLevel' is not supported")]
    [InlineData("pre_tokenizer", """{"type":"Split","pattern":{"String":" "},"behavior":"Merged"}""", "pre_tokenizer.behavior: 'Merged' is not supported")]
    [InlineData("pre_tokenizer", """{"type":"Metaspace","replacement":"▁▁"}""", "pre_tokenizer.replacement: a string of one character")]
    [InlineData("decoder", """{"type":"Sequence","decoders":[{"type":"Fuse"},{"type":"WordPiece"}]}""", "decoder.decoders[1].type: 'WordPiece' is not supported")]
    [InlineData("decoder", """{"type":"Strip","content":" ","start":-1,"stop":0}""", "decoder: start and stop are counts")]
    [InlineData("post_processor", """{"type":"BertProcessing"}""", "post_processor.type: 'BertProcessing' is not supported")]
    [InlineData("post_processor", """{"type":"TemplateProcessing","single":[]}""", "post_processor.single: the sequence A is missing")]
    [InlineData("post_processor", """{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"x"}}],"special_tokens":{}}""", "post_processor.special_tokens.x: missing")]
    public void Unsupported_key_is_refused(string key, string value, string message) =>
        Refused(TokenizerFiles.Make(["a"]).With(key, value).ToJsonString(), message);

    [Theory]
    [InlineData("normalizer", "normalizers")]
    [InlineData("pre_tokenizer", "pretokenizers")]
    [InlineData("decoder", "decoders")]
    [InlineData("post_processor", "processors")]
    public void File_nested_too_deep_is_refused(string key, string list)
    {
        string deep = string.Concat(Enumerable.Repeat($$"""{"type":"Sequence","{{list}}":[""", 100_000)) + string.Concat(Enumerable.Repeat("]}", 100_000));
        Refused($$"""{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"{{key}}":{{deep}}}""", "not valid JSON");
    }

    [Fact]
    public void Decoder_of_too_many_steps_is_refused()
    {
        string steps = string.Join(',', Enumerable.Repeat("""{"type":"Fuse"}""", 100_000));
        Refused(
            TokenizerFiles.Make(["a"]).With("decoder", $$"""{"type":"Sequence","decoders":[{{steps}}]}""").ToJsonString(),
            "decoder.decoders[256]: a decoder of more than 256 steps is not supported");
    }

    [Fact]
    public void Start_dependent_prefix_after_moving_text_is_refused() => Refused(
        TokenizerFiles.Make(["a"]).With("normalizer", """{"type":"Strip"}""")
            .With("pre_tokenizer", """{"type":"Metaspace","replacement":"▁","prepend_scheme":"first"}""").ToJsonString(),
        "pre_tokenizer: prepend_scheme 'first'");

    [Fact]
    public void Missing_file_is_named() =>
        Assert.Contains("no-such-tokenizer.json", Assert.Throws<FileNotFoundException>(() => Tokenizer.Load("no-such-tokenizer.json")).Message);

    private static void Refused(string json, string message)
    {
        var error = Assert.Throws<InvalidDataException>(() => TokenizerFiles.LoadText(json));
        Assert.Contains("tokenizer-", error.Message);
        Assert.Contains(message, error.Message);
    }
}
