using Gemma4.Engine.Parsing;
using Gemma4.Engine.Requests;
using Gemma4.Verification;
using Xunit;
using static Gemma4.Engine.Tests.Parsing.ParserHarness;

namespace Gemma4.Engine.Tests.Parsing;

/// <summary>Stop strings.</summary>
public sealed class ContentWriterTests
{
    [Theory]
    [InlineData("one two three", " two", "one")]
    [InlineData("aaab", "aab", "a")]
    [InlineData("no match here", "matches", "no match here")]
    [InlineData("ends with a prefix of st", "stop", "ends with a prefix of st")]
    [InlineData("x\n\ny", "\n\n", "x")]
    [InlineData("smile 😀!", "😀", "smile ")]
    public void Content_ends_before_the_stop_string_whatever_the_tokens(string answer, string stop, string expected)
    {
        foreach (IEnumerable<int> ids in (IEnumerable<int>[])[Tokenizer.EncodeText(answer), ByCharacter(answer)])
        {
            var parsed = new ParsedAnswer();
            foreach (IReadOnlyList<GenerationEvent> events in Steps(ids, new ParserOptions { StopStrings = [stop] }))
                parsed.Add(events);
            Assert.Equal(expected, parsed.Content);
            Assert.Equal(expected == answer ? null : stop, parsed.End!.StopString);
        }
    }

    [Fact]
    public void Stop_string_belongs_to_the_content_when_asked_for() =>
        Assert.Equal("one two", Parse("one two three", new ParserOptions { StopStrings = [" two"], IncludeStopString = true }).Content);

    [Fact]
    public void Longest_of_the_stop_strings_that_end_together_wins() =>
        Assert.Equal("one", Parse("one two", new ParserOptions { StopStrings = ["two", " two"] }).Content);

    [Fact]
    public void Stop_string_in_a_thought_or_an_argument_stops_nothing()
    {
        ParserOptions options = With(Tool("say", """{"text":{"type":"string"}}""")) with { StopStrings = ["END"] };
        ParsedAnswer parsed = Parse("<|channel>thought\nEND<channel|><|tool_call>call:say{text:<|\"|>END<|\"|>}<tool_call|>", options);
        Assert.Equal("END", parsed.Reasoning);
        Assert.Equal("""{"text":"END"}""", Assert.Single(parsed.Calls).Arguments);
        Assert.Null(parsed.End!.StopString);
    }

    [Fact]
    public void Stop_string_is_not_looked_for_across_a_thought() =>
        Assert.Equal("ENDED", Parse("EN<|channel>thought\nx<channel|>DED", new ParserOptions { StopStrings = ["END"] }).Content);

    [Fact]
    public void Stop_string_within_the_least_number_of_tokens_is_text()
    {
        int numTokens = Tokenizer.EncodeText("one. two").Length;
        Assert.Equal("one. two", Parse("one. two. three", new ParserOptions { StopStrings = ["."], MinTokens = numTokens }).Content);
    }

    [Fact]
    public void Stop_reason_overrides_what_the_engine_says_in_the_same_event() =>
        Assert.Equal(FinishReason.Stop, Parse("one two", new ParserOptions { StopStrings = ["two"] }, FinishReason.Length).End!.Reason);
}
