using Gemma4.Engine.Parsing;
using Gemma4.Engine.Requests;
using Gemma4.Verification;
using Xunit;
using static Gemma4.Engine.Tests.Parsing.ParserHarness;

namespace Gemma4.Engine.Tests.Parsing;

/// <summary>What users of other Gemma 4 servers saw, each so that it cannot be seen here. Numbers as in the list of complaints.</summary>
public sealed class ReportedBugsTests
{
    private static readonly ParserOptions Tools = With(
        Tool("bash", """{"command":{"type":"string"}}"""),
        Tool("edit", """{"path":{"type":"string"},"lines":{"type":"array","items":{"type":"integer"}},"force":{"type":"boolean"}}"""));

    [Fact] // 1: vllm-project/vllm#53431
    public void Call_with_a_colon_for_an_opener_does_not_vanish() =>
        AssertCall(Parse("<|tool_call>:bash{command:<|\"|>ls<|\"|>}<tool_call|>", Tools), "bash", """{"command":"ls"}""");

    [Fact] // 2: vllm-project/vllm#53642
    public void Call_in_round_brackets_does_not_swallow_the_next_one()
    {
        ParsedAnswer answer = Parse(
            "<|tool_call>call:bash(command=<|\"|>ls<|\"|>)<tool_call|><|tool_call>call:bash{command:<|\"|>pwd<|\"|>}<tool_call|>", Tools);
        Assert.Equal(["""{"command":"ls"}""", """{"command":"pwd"}"""], answer.Calls.Select(c => c.Arguments));
        Assert.Equal("", answer.Content);
    }

    [Fact] // 3: vllm-project/vllm#54256
    public void Call_right_behind_the_thought_without_an_opener_is_a_call() =>
        AssertCall(Parse("<|channel>thought\nList.<channel|>call:bash{command:<|\"|>ls<|\"|>}", Tools), "bash", """{"command":"ls"}""");

    [Fact] // 4: vllm-project/vllm#47906
    public void Bare_arguments_do_not_all_become_strings() =>
        AssertCall(
            Parse("<|tool_call>call:edit{path:<|\"|>a<|\"|>,lines:[1,2],force:true}<tool_call|>", Tools),
            "edit", """{"path":"a","lines":[1,2],"force":true}""");

    [Fact] // 5: vllm-project/vllm#39885
    public void Reasoning_does_not_leak_into_content_after_a_tool_result()
    {
        ParserOptions options = Tools with
        {
            Thinking = true,
            PromptTokenIds = [.. Tokenizer.Encode("<|tool_response>response:bash{value:<|\"|>ok<|\"|>}<tool_response|><|channel>thought\n")],
        };
        ParsedAnswer answer = Parse("It worked.<channel|>Done.", options);
        Assert.Equal(("It worked.", "Done."), (answer.Reasoning, answer.Content));
    }

    [Fact] // 6: vllm-project/vllm#42875
    public void Raw_markers_are_not_sent_to_the_user_when_a_call_comes_at_once()
    {
        const string answer = "<|channel>thought\n<channel|><|tool_call>call:bash{command:<|\"|>uptime<|\"|>}<tool_call|><|tool_response>";
        IEnumerable<GenerationEvent> events = Steps(Tokenizer.Encode(answer), Tools with { StreamToolArguments = true }).SelectMany(e => e);
        Assert.DoesNotContain(events, e => e is GenerationEvent.Content or GenerationEvent.Reasoning);
    }

    [Fact] // 8: vllm-project/vllm#39072
    public void Required_members_of_an_edit_call_arrive_even_with_code_inside() =>
        AssertCall(
            Parse("<|tool_call>call:edit{path:<|\"|>src/a.cs<|\"|>,force:false,text:<|\"|>if (a < b) { return \"x\"; }\n<|\"|>}<tool_call|>", Tools),
            "edit", """{"path":"src/a.cs","force":false,"text":"if (a < b) { return \"x\"; }\n"}""");

    [Fact] // 10: vllm-project/vllm#50938
    public void Text_before_the_thought_is_content_and_the_thought_still_a_thought()
    {
        ParsedAnswer answer = Parse("Well, <|channel>thought\nhm<channel|>{}", new ParserOptions { Thinking = true });
        Assert.Equal(("hm", "Well, {}"), (answer.Reasoning, answer.Content));
    }

    [Fact] // 25: sgl-project/sglang#25073
    public void Parallel_calls_of_one_function_have_an_index_each()
    {
        const string call = "<|tool_call>call:bash{command:<|\"|>ls<|\"|>}<tool_call|>";
        IEnumerable<GenerationEvent> events = Steps(Tokenizer.Encode(call + call + call), Tools).SelectMany(e => e);
        Assert.Equal([0, 1, 2], events.OfType<GenerationEvent.ToolCallStarted>().Select(s => s.Index));
        Assert.Equal([0, 1, 2], events.OfType<GenerationEvent.ToolCallArguments>().Select(s => s.Index).Distinct());
    }

    [Theory] // 30: ggml-org/llama.cpp#25072, an answer that does not match the format was an error 500
    [InlineData("<|tool_call>call:bash{command:<|\"|>ls<|\"|>}<tool_call|>```json")]
    [InlineData("<|tool_call><|tool_call><|tool_call>")]
    [InlineData("<channel|><tool_call|><|\"|><turn|>")]
    [InlineData("<|tool_call>call:bash{command:<|channel>")]
    public void Answer_outside_the_format_is_never_an_error(string answer) => Assert.NotNull(Parse(answer, Tools).End);

    [Fact] // 31: ggml-org/llama.cpp#28827
    public void Garbage_behind_the_thought_is_content_and_no_error()
    {
        ParsedAnswer answer = Parse("<|channel>thought\nHm.<channel|><channel|>\n<channel|>Yes.<|channel>", new ParserOptions { Thinking = true });
        Assert.Equal(("Hm.", "\nYes."), (answer.Reasoning, answer.Content));
    }

    [Fact] // 32: ggml-org/llama.cpp#22371
    public void Content_is_not_cut_at_a_spelled_marker()
    {
        int[] ids = Tokenizer.EncodeText("Write <|tool_call> to call and <turn|> to end.");
        var answer = new ParsedAnswer();
        foreach (IReadOnlyList<GenerationEvent> events in Steps(ids, Tools))
            answer.Add(events);
        Assert.Equal("Write <|tool_call> to call and <turn|> to end.", answer.Content);
    }

    [Fact] // 33: ggml-org/llama.cpp#21882
    public void Two_calls_and_two_thoughts_are_all_there()
    {
        const string call = "<|tool_call>call:bash{command:<|\"|>ls<|\"|>}<tool_call|>";
        ParsedAnswer answer = Parse($"<|channel>thought\na<channel|><|channel>thought\nb<channel|>{call}{call}", Tools);
        Assert.Equal("ab", answer.Reasoning);
        Assert.Equal(2, answer.Calls.Count);
    }

    [Fact] // 34: ggml-org/llama.cpp#22786
    public void Call_is_not_returned_as_content()
    {
        ParsedAnswer answer = Parse("Here's the response: <|tool_call>call:bash{command:<|\"|>ls<|\"|>}<tool_call|>", Tools);
        Assert.Equal("Here's the response: ", answer.Content);
        Assert.Single(answer.Calls);
    }

    [Fact] // 42: ollama/ollama#15539
    public void Json_that_looks_like_a_call_is_what_the_model_wrote_and_nothing_else()
    {
        const string json = """{"name": "bash", "arguments": {"command": "ls"}}""";
        ParsedAnswer answer = Parse(json, Tools);
        Assert.Equal(json, answer.Content);
        Assert.Empty(answer.Calls);
    }

    [Theory] // 43: ollama/ollama#15315
    [InlineData("{command:<|\"|>echo `date` 'x' \"y\"<|\"|>}", """{"command":"echo `date` 'x' \"y\""}""")]
    [InlineData("{command:'grep \"x\" `y`'<|\"|>}", """{"command":"grep \"x\" `y`"}""")]
    public void Backticks_and_quotes_do_not_drop_the_call(string arguments, string expected) =>
        AssertCall(Parse($"<|tool_call>call:bash{arguments}<tool_call|>", Tools), "bash", expected);

    [Fact] // 45, 46: ollama/ollama#15268, #15368
    public void Streamed_reasoning_is_the_same_as_whole_reasoning()
    {
        const string text = "<|channel>thought\nOne step, then another.\n<channel|>Done.";
        var answer = new ParsedAnswer();
        foreach (IReadOnlyList<GenerationEvent> events in Steps(ByCharacter(text)))
            answer.Add(events);
        Assert.Equal(Parse(text).Reasoning, answer.Reasoning);
        Assert.Equal("One step, then another.\n", answer.Reasoning);
    }

    [Fact] // 50: lmstudio-ai/lmstudio-bug-tracker#2013
    public void Thinking_markers_do_not_show_in_the_content()
    {
        ParsedAnswer answer = Parse("<|channel>thought\nHm.<channel|>Yes.", new ParserOptions());
        Assert.Equal("Yes.", answer.Content);
    }

    private static void AssertCall(ParsedAnswer answer, string name, string arguments)
    {
        ParsedAnswer.Call call = Assert.Single(answer.Calls);
        Assert.Equal((name, arguments), (call.Name, call.Arguments));
        Assert.Equal("", answer.Content);
        Assert.Equal("tool_calls", answer.Finish);
    }
}
