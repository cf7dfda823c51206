using System.Text.Json;
using Gemma4.Engine.Parsing;
using Gemma4.Engine.Requests;
using Gemma4.Verification;
using Xunit;
using static Gemma4.Engine.Tests.Parsing.ParserHarness;

namespace Gemma4.Engine.Tests.Parsing;

public sealed class OutputParserTests
{
    private static readonly ParserOptions Weather = With(Tool("weather", """{"city":{"type":"string"},"days":{"type":"integer"}}"""));

    [Fact]
    public void Thought_content_and_calls_come_out_in_order()
    {
        ParsedAnswer answer = Parse("<|channel>thought\nHm.\n<channel|>Let me see. <|tool_call>call:weather{city:<|\"|>Oslo<|\"|>,days:3}<tool_call|>", Weather);
        Assert.Equal("Hm.\n", answer.Reasoning);
        Assert.Equal("Let me see. ", answer.Content);
        ParsedAnswer.Call call = Assert.Single(answer.Calls);
        Assert.Equal(("weather", """{"city":"Oslo","days":3}"""), (call.Name, call.Arguments));
        Assert.Matches("^call_[A-Za-z0-9]{24}$", call.Id);
        Assert.Equal("tool_calls", answer.Finish);
    }

    [Fact]
    public void String_argument_streams_while_it_is_open()
    {
        const string answer = "<|tool_call>call:weather{city:<|\"|>A long name<|\"|>,days:3}<tool_call|>";
        string json = "";
        List<string> seen = [];
        foreach (IReadOnlyList<GenerationEvent> events in Steps(ByCharacter(answer), Weather with { StreamToolArguments = true }))
        {
            json += string.Concat(events.OfType<GenerationEvent.ToolCallArguments>().Select(p => p.Json));
            seen.Add(json);
        }
        Assert.Contains("""{"city":"A lo""", seen);
        Assert.Equal("""{"city":"A long name","days":3}""", json);
    }

    [Fact]
    public void Closing_bracket_at_the_end_of_an_open_string_is_held_back()
    {
        const string answer = "<|tool_call>call:weather{city:<|\"|>Oslo}<tool_call|>";
        ParsedAnswer parsed = Parse(answer, Weather with { StreamToolArguments = true });
        Assert.Equal("""{"city":"Oslo"}""", Assert.Single(parsed.Calls).Arguments);
    }

    [Theory]
    [InlineData("<|tool_call>call:weather{city:<|\"|>Os", true)]
    [InlineData("<|tool_call>call:weather{city:<|\"|>Os", false)]
    public void Call_cut_off_at_the_token_limit_is_an_incomplete_call_and_no_text(string answer, bool streamed)
    {
        ParsedAnswer parsed = Parse(answer, Weather with { StreamToolArguments = streamed }, FinishReason.Length);
        Assert.Equal("", parsed.Content);
        Assert.Equal(("""{"city":"Os""", false), (Assert.Single(parsed.Calls).Arguments, parsed.Calls[0].IsComplete));
        Assert.Equal("length", parsed.Finish);
    }

    [Theory]
    [InlineData("<|tool_call>", "")]
    [InlineData("<|tool_call>call:wea", "call:wea")]
    [InlineData("So:<|tool_call>call:weather", "So:call:weather")]
    public void Call_cut_off_before_its_name_is_known_leaves_its_text_without_the_marker(string answer, string content)
    {
        ParsedAnswer parsed = Parse(answer, Weather, FinishReason.Length);
        Assert.Equal(content, parsed.Content);
        Assert.Empty(parsed.Calls);
        Assert.Equal("length", parsed.Finish);
    }

    [Theory]
    [InlineData("<|tool_call>")]
    [InlineData("<|tool_call> ")]
    [InlineData("<|tool_call>call:weather{city:<|\"|>Os")]
    public void Answer_that_the_model_ends_inside_a_call_is_content(string answer)
    {
        ParsedAnswer parsed = Parse(answer, Weather);
        Assert.Equal(answer, parsed.Content);
        Assert.Empty(parsed.Calls);
        Assert.Equal("stop", parsed.Finish);
    }

    [Theory]
    [InlineData("{city:<|\"|>Os", """{"city":"Os""")]
    [InlineData("{city:<|\"|>Os}", """{"city":"Os}""")]
    [InlineData("{days:1", """{"days":"1""")]
    [InlineData("{days:1,ci", """{"days":1,"ci""")]
    [InlineData("{", "{")]
    public void Streamed_call_cut_off_at_the_token_limit_stays_a_json_prefix_and_loses_nothing(string arguments, string expected)
    {
        ParsedAnswer parsed = Parse("<|tool_call>call:weather" + arguments, Weather with { StreamToolArguments = true }, FinishReason.Length);
        ParsedAnswer.Call call = Assert.Single(parsed.Calls);
        Assert.False(call.IsComplete);
        Assert.Equal(expected, call.Arguments);
        Assert.Equal("", parsed.Content);
        Assert.Equal("length", parsed.Finish);
    }

    [Fact]
    public void Streamed_call_that_turns_out_malformed_stays_incomplete_and_its_span_is_content()
    {
        const string answer = "<|tool_call>call:weather{city:<|\"|>Oslo<|\"|> nonsense}<tool_call|>";
        ParsedAnswer parsed = Parse(answer, Weather with { StreamToolArguments = true });
        Assert.False(Assert.Single(parsed.Calls).IsComplete);
        Assert.Equal(answer, parsed.Content);
        Assert.Equal("stop", parsed.Finish);
    }

    [Fact]
    public void Answer_ends_after_the_first_call_when_parallel_calls_are_off()
    {
        const string call = "<|tool_call>call:weather{days:1}<tool_call|>";
        ParsedAnswer parsed = Parse(call + call, Weather with { ParallelToolCalls = false });
        Assert.Single(parsed.Calls);
        Assert.Equal("tool_calls", parsed.Finish);
    }

    [Theory]
    [InlineData("<|turn>model\n", "thought\nHm.<channel|>Yes.", "Hm.", "Yes.")]
    [InlineData("<|turn>model\n<|channel>thought\n", "Hm.<channel|>Yes.", "Hm.", "Yes.")]
    [InlineData("<|turn>model\n<|channel>thought", "\nHm.<channel|>Yes.", "Hm.", "Yes.")]
    [InlineData("<|turn>model\n<|channel>tho", "ught\nHm.<channel|>Yes.", "Hm.", "Yes.")]
    [InlineData("<|turn>model\n<|channel>tho", "rough<channel|>Yes.", "rough", "Yes.")]
    [InlineData("<|turn>model\n<|channel>", "thought\nHm.<channel|>Yes.", "Hm.", "Yes.")]
    [InlineData("<|turn>model\nMy ", "thought\nis this.", "", "thought\nis this.")]
    [InlineData("<|turn>model\n<|channel>thought\nHm.<channel|>", "Yes.", "", "Yes.")]
    public void Answer_begins_where_the_prompt_ends(string prompt, string answer, string reasoning, string content)
    {
        ParsedAnswer parsed = Parse(answer, new ParserOptions { Thinking = true, PromptTokenIds = [.. Tokenizer.Encode(prompt)] });
        Assert.Equal((reasoning, content), (parsed.Reasoning, parsed.Content));
    }

    [Fact]
    public void Plain_text_knows_no_thoughts_and_no_calls()
    {
        const string answer = "<|channel>thought\nx<channel|> call:weather{}<tool_call|>";
        Assert.Equal("thought\nx call:weather{}", Parse(answer, Weather with { IsChat = false }).Content);
        Assert.Equal(answer, Parse(answer, Weather with { IsChat = false, SkipSpecialTokens = false }).Content);
    }

    [Fact]
    public void Special_tokens_are_spelled_only_when_they_are_asked_for()
    {
        const string answer = "a<pad>b<channel|>c";
        Assert.Equal("abc", Parse(answer).Content);
        Assert.Equal(answer, Parse(answer, new ParserOptions { SkipSpecialTokens = false }).Content);
    }

    [Fact]
    public void Stop_token_gives_its_text_only_when_it_is_asked_for()
    {
        int stop = Tokenizer.EncodeText("!")[0];
        string Content(bool include)
        {
            var parser = new OutputParser(Tokenizer, new ParserOptions { StopTokenIds = [stop], IncludeStopString = include });
            var parsed = new ParsedAnswer();
            foreach (int id in Tokenizer.EncodeText("Hi"))
                parsed.Add(parser.Append(new TokenEvent { SequenceIndex = 0, TokenId = id }));
            parsed.Add(parser.Append(new TokenEvent { SequenceIndex = 0, TokenId = stop, FinishReason = FinishReason.Stop }));
            return parsed.Content;
        }
        Assert.Equal("Hi", Content(include: false));
        Assert.Equal("Hi!", Content(include: true));
    }

    [Fact]
    public void Nothing_follows_the_end()
    {
        var parser = new OutputParser(Tokenizer, new ParserOptions());
        var failed = new TokenEvent { SequenceIndex = 0, FinishReason = FinishReason.Error, Error = "out of memory" };
        Assert.Equal([new GenerationEvent.Finished(FinishReason.Error, null, "out of memory")], parser.Append(failed));
        Assert.True(parser.IsFinished);
        Assert.Empty(parser.Append(new TokenEvent { SequenceIndex = 0, TokenId = Tokenizer.EncodeText("x")[0] }));
    }

    [Fact]
    public void Half_a_character_at_the_end_shows_as_a_replacement()
    {
        int firstByte = Tokenizer.TryGetId("<0xF0>", out int id) ? id : throw new InvalidDataException("no byte tokens");
        var parsed = new ParsedAnswer();
        foreach (IReadOnlyList<GenerationEvent> events in Steps([firstByte]))
            parsed.Add(events);
        Assert.Equal("\uFFFD", parsed.Content);
    }

    [Fact]
    public void Repairs_are_counted_by_kind()
    {
        var parser = new OutputParser(Tokenizer, Weather);
        foreach (int id in Tokenizer.Encode("<|tool_call>:weather(city='Oslo')<tool_call|><tool_call|>"))
            parser.Append(new TokenEvent { SequenceIndex = 0, TokenId = id });
        OutputIrregularity[] expected =
        [
            OutputIrregularity.CallPrefix, OutputIrregularity.RoundBrackets, OutputIrregularity.EqualsSign,
            OutputIrregularity.SingleQuotedString, OutputIrregularity.StrayMarker,
        ];
        Assert.Equal(expected.Order(), parser.Irregularities.Keys.Order());
    }

    [Fact]
    public void Regular_answer_has_no_irregularity()
    {
        var parser = new OutputParser(Tokenizer, Weather with { Thinking = true });
        foreach (int id in Tokenizer.Encode("<|channel>thought\nHm<channel|>Hi <|tool_call>call:weather{city:<|\"|>x<|\"|>,days:1}<tool_call|><|tool_response>"))
            parser.Append(new TokenEvent { SequenceIndex = 0, TokenId = id });
        Assert.Empty(parser.Irregularities);
    }

    [Fact]
    public void Unfinished_call_at_the_end_of_an_aborted_sequence_is_content()
    {
        ParsedAnswer parsed = Parse("<|tool_call>call:weather{", Weather, FinishReason.Aborted);
        Assert.Equal("<|tool_call>call:weather{", parsed.Content);
    }

    [Fact]
    public void Empty_stop_string_is_refused() =>
        Assert.Throws<ArgumentException>(() => new OutputParser(Tokenizer, new ParserOptions { StopStrings = [""] }));
}
