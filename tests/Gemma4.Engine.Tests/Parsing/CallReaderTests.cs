using Gemma4.Engine.Parsing;
using Gemma4.Verification;
using Xunit;
using static Gemma4.Engine.Tests.Parsing.ParserHarness;

namespace Gemma4.Engine.Tests.Parsing;

/// <summary>Heads of calls, their markers, and what stands around them.</summary>
public sealed class CallReaderTests
{
    private static readonly ParserOptions Tools = With(Tool("f"), Tool("get-x.y_2"), Tool("call"), Tool("same"), Tool("ns:same"));

    [Theory]
    [InlineData("<|tool_call>call:f{}<tool_call|>", "f", "")]
    [InlineData("<|tool_call>\n call:f {}\n<tool_call|>", "f", "")]
    [InlineData("<|tool_call>call:get-x.y_2{}<tool_call|>", "get-x.y_2", "")]
    [InlineData("<|tool_call>f{}<tool_call|>", "f", "")]
    [InlineData("<|tool_call>call::f{}<tool_call|>", "f", "")]
    [InlineData("<|tool_call>call{}<tool_call|>", "call", "")]
    [InlineData("<|tool_call>call:a:b:f{}<tool_call|>", "f", "")]
    [InlineData("<|tool_call>call:a:ns:same{}<tool_call|>", "a:ns:same", "")]
    [InlineData("<|tool_call>call:other{}<tool_call|>", "other", "")]
    [InlineData("<|tool_call>other{}<tool_call|>", null, "<|tool_call>other{}<tool_call|>")]
    [InlineData("<|tool_call>call:{}<tool_call|>", null, "<|tool_call>call:{}<tool_call|>")]
    [InlineData("<|tool_call>call:f x{}<tool_call|>", null, "<|tool_call>call:f x{}<tool_call|>")]
    [InlineData("<|tool_call>call:f{}", "f", "")]
    [InlineData("<|tool_call>call:f{}<turn|>", "f", "")]
    [InlineData("<|tool_call>call:f{}\n\nDone.", "f", "\n\nDone.")]
    [InlineData("<|tool_call>call:f{} odd <tool_call|> then", "f", " odd  then")]
    [InlineData("<|tool_call>call:f{}<|channel>thought\nx<channel|>y", "f", "y")]
    [InlineData("a<|tool_call><|tool_call>call:f{}<tool_call|>b", "f", "ab")]
    [InlineData("a<|tool_call> <tool_call|>b", null, "a b")]
    [InlineData("a<|tool_call><|channel>thought\nx<channel|>b", null, "ab")]
    [InlineData("a<|tool_call> b<|channel>c", null, "a<|tool_call> b<|channel>c")]
    // Without the opening marker.
    [InlineData("call:f{a:<|\"|>1<|\"|>}", "f", "")]
    [InlineData("Now\ncall:f{a:<|\"|>1<|\"|>} done", "f", "Now\n done")]
    [InlineData("call:f{} <tool_call|>", "f", "")]
    [InlineData("call:f{}", null, "call:f{}")]
    [InlineData("call:f{} and <tool_call|>", null, "call:f{} and ")]
    [InlineData("Now call:f{a:<|\"|>1<|\"|>}", null, "Now call:f{a:<|\"|>1<|\"|>}")]
    [InlineData("call:other{a:<|\"|>1<|\"|>}", null, "call:other{a:<|\"|>1<|\"|>}")]
    [InlineData("call:f{a:<|\"|>1<|\"|>", null, "call:f{a:<|\"|>1<|\"|>")]
    [InlineData("call:f{a:\ncall:f{a:<|\"|>1<|\"|>}", "f", "call:f{a:\n")]
    [InlineData("call me\ncall:\ncall:f", null, "call me\ncall:\ncall:f")]
    public void Head_and_surroundings_of_a_call(string text, string? name, string content)
    {
        ParsedAnswer answer = Parse(text, Tools);
        Assert.Equal(name, answer.Calls.SingleOrDefault()?.Name);
        Assert.Equal(content, answer.Content);
    }

    [Fact]
    public void Without_tools_a_call_is_text_even_in_a_thought()
    {
        ParsedAnswer answer = Parse("<|channel>thought\nx<|tool_call>call:f{}<tool_call|>");
        Assert.Equal(("x", "<|tool_call>call:f{}<tool_call|>"), (answer.Reasoning, answer.Content));
    }
}
