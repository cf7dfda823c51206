using Gemma4.Engine.Parsing;
using Gemma4.Engine.Requests;
using Xunit;
using static Gemma4.Engine.Tests.Parsing.ParserHarness;

namespace Gemma4.Engine.Tests.Parsing;

public sealed class LogprobLedgerTests
{
    [Fact]
    public void Content_tokens_have_log_probabilities_and_those_of_thoughts_and_calls_have_none()
    {
        ParserOptions options = With(Tool("f"));
        int[] hello = Tokenizer.EncodeText("Hello there");
        int[] ids = [.. Tokenizer.Encode("<|channel>thought\nHm<channel|>"), .. hello, .. Tokenizer.Encode("<|tool_call>call:f{a:1}<tool_call|>")];
        Assert.Equal(hello, Reported(ids, options));
    }

    [Fact]
    public void Call_that_becomes_content_brings_its_tokens_log_probabilities()
    {
        int[] ids = Tokenizer.Encode("<|tool_call>call:f{a<tool_call|>");
        Assert.Equal(ids, Reported(ids, With(Tool("f"))));
    }

    [Fact]
    public void Tokens_of_one_character_are_reported_together()
    {
        int[] bytes = [.. new[] { "<0xF0>", "<0x9F>", "<0x98>", "<0x80>" }.Select(b => Tokenizer.TryGetId(b, out int id) ? id : -1)];
        Assert.Equal(bytes, Reported(bytes, new ParserOptions()));
    }

    [Fact]
    public void Tokens_of_the_stop_string_are_not_reported()
    {
        int[] before = Tokenizer.EncodeText("one");
        int[] ids = [.. before, .. ByCharacter("STOP")];
        Assert.Equal(before, Reported(ids, new ParserOptions { StopStrings = ["STOP"] }));
    }

    [Fact]
    public void Log_probabilities_follow_the_content_they_belong_to()
    {
        List<GenerationEvent> events = [];
        var parser = new OutputParser(Tokenizer, new ParserOptions());
        foreach (int id in Tokenizer.EncodeText("one two three"))
            events.AddRange(parser.Append(Token(id)));
        Assert.Equal(events.Count(e => e is GenerationEvent.Content), events.Count(e => e is GenerationEvent.Logprobs));
        for (int i = 0; i < events.Count; i += 2)
            Assert.True(events[i] is GenerationEvent.Content && events[i + 1] is GenerationEvent.Logprobs);
    }

    private static int[] Reported(int[] ids, ParserOptions options)
    {
        List<GenerationEvent> events = [];
        var parser = new OutputParser(Tokenizer, options);
        foreach (int id in ids)
            events.AddRange(parser.Append(Token(id)));
        events.AddRange(parser.Append(new TokenEvent { SequenceIndex = 0, FinishReason = FinishReason.Stop }));
        return [.. events.OfType<GenerationEvent.Logprobs>().SelectMany(e => e.Tokens).Select(t => t.TokenId)];
    }

    private static TokenEvent Token(int id) => new() { SequenceIndex = 0, TokenId = id, Logprobs = new TokenLogprobs(-0.5f, []) };
}
