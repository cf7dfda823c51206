using System.Text.Json;
using Gemma4.Engine.Requests;
using Gemma4.Engine.StructuredOutput;
using Xunit;

namespace Gemma4.Engine.Tests.StructuredOutput.Constraints;

public sealed class ToolCallTests
{
    private static readonly ToolSignature Weather = new("get_weather", JsonElement.Parse("""
        {"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer","minimum":1,"maximum":7},"tags":{"type":"array","items":{"enum":["a","b"]}}},
        "required":["city"],"additionalProperties":false}
        """), IsStrict: true);

    private static readonly ToolSignature Ping = new("ping", null);

    [Theory]
    [InlineData("""<|tool_call>call:get_weather{city:<|"|>Köln<|"|>}<tool_call|>""", true)]
    [InlineData("""<|tool_call>call:get_weather{days:3,city:<|"|>a < b "c" \ {x}, <b> <|"|>}<tool_call|>""", true)]
    [InlineData("""<|tool_call>call:get_weather{city:<|"|><|"|>,tags:[<|"|>a<|"|>,<|"|>b<|"|>]}<tool_call|>""", true)]
    [InlineData("""<|tool_call>call:ping{}<tool_call|>""", true)]
    [InlineData("""<|tool_call>call:ping{any:[1,{deep:null}],x:true}<tool_call|>""", true)]
    [InlineData("""<|tool_call>call:ping{}<tool_call|><|tool_call>call:ping{}<tool_call|>""", true)]
    [InlineData("""<|tool_call>call:get_weather{}<tool_call|>""", false)]
    [InlineData("""<|tool_call>call:get_weather{city:5}<tool_call|>""", false)]
    [InlineData("""<|tool_call>call:get_weather{city:"Rome"}<tool_call|>""", false)]
    [InlineData("""<|tool_call>call:get_weather{city:<|"|>a<|"|>,days:8}<tool_call|>""", false)]
    [InlineData("""<|tool_call>call:get_weather{city:<|"|>a<|"|>,other:1}<tool_call|>""", false)]
    [InlineData("""<|tool_call>call:unknown{}<tool_call|>""", false)]
    [InlineData("""text first<|tool_call>call:ping{}<tool_call|>""", false)]
    [InlineData("""<|tool_call>call:ping{}""", false)]
    [InlineData("", false)]
    public void Required_calls_are_declared_calls_with_arguments_of_their_schema(string output, bool allowed) =>
        Assert.Equal(allowed, TestVocabulary.Accepts(Compile(ToolCallMode.Required, parallel: true), output));

    [Fact]
    public void Without_parallel_calls_the_sequence_ends_after_the_first()
    {
        ITokenConstraint constraint = Compile(ToolCallMode.Required, parallel: false).Create();
        List<int> tokens = TestVocabulary.Tokens("<|tool_call>call:ping{}<tool_call|>");
        Assert.All(tokens.SkipLast(1), t => Assert.True(constraint.Accept(t)));
        Assert.False(constraint.Accept(tokens[^1]));
    }

    [Fact]
    public void Between_parallel_calls_only_a_call_or_an_end_may_come()
    {
        ITokenConstraint constraint = Compile(ToolCallMode.Required, parallel: true).Create();
        foreach (int token in TestVocabulary.Tokens("<|tool_call>call:ping{}<tool_call|>"))
            Assert.True(constraint.Accept(token));
        uint[] mask = new uint[(TestVocabulary.Size + 31) / 32];
        Assert.True(constraint.TryFillMask(mask));
        int[] allowed = [.. Enumerable.Range(0, TestVocabulary.Size).Where(t => (mask[t >> 5] >> (t & 31) & 1) != 0)];
        Assert.Equal([TestVocabulary.End, TestVocabulary.CallStart, TestVocabulary.Response], allowed);
    }

    [Fact]
    public void Strings_hold_text_that_spells_markers_but_never_the_marker_itself()
    {
        ITokenConstraint constraint = Compile(ToolCallMode.Required, parallel: false).Create();
        foreach (int token in TestVocabulary.Tokens("""<|tool_call>call:get_weather{city:<|"|>a"""))
            Assert.True(constraint.Accept(token));
        uint[] mask = new uint[(TestVocabulary.Size + 31) / 32];
        foreach (int text in (int[])['<', '"', '\\', '\n', '}', '|'])
            Assert.True(TestVocabulary.Allows(constraint, text, mask));
        foreach (int control in (int[])[TestVocabulary.CallEnd, TestVocabulary.End, TestVocabulary.CallStart, TestVocabulary.ChannelStart])
            Assert.False(TestVocabulary.Allows(constraint, control, mask));
        Assert.True(TestVocabulary.Allows(constraint, TestVocabulary.Delimiter, mask));
    }

    [Fact]
    public void In_auto_mode_text_is_free_until_a_call_opens()
    {
        ITokenConstraint constraint = Compile(ToolCallMode.Auto, parallel: true).Create();
        uint[] mask = new uint[(TestVocabulary.Size + 31) / 32];
        Assert.False(constraint.TryFillMask(mask));
        Assert.True(constraint.Accept('x'));
        Assert.True(constraint.Accept(TestVocabulary.CallStart));
        Assert.False(TestVocabulary.Allows(constraint, 'x', mask));
        foreach (int token in TestVocabulary.Tokens("call:ping{}<tool_call|>"))
        {
            Assert.True(TestVocabulary.Allows(constraint, token, mask));
            Assert.True(constraint.Accept(token));
        }
        Assert.False(constraint.TryFillMask(mask));
    }

    [Fact]
    public void In_auto_mode_without_parallel_calls_one_call_is_the_last_thing()
    {
        ITokenConstraint constraint = Compile(ToolCallMode.Auto, parallel: false).Create();
        foreach (int token in TestVocabulary.Tokens("Well.<|tool_call>call:ping{}<tool_call|>"))
            Assert.True(constraint.Accept(token));
        uint[] mask = new uint[(TestVocabulary.Size + 31) / 32];
        Assert.True(TestVocabulary.Allows(constraint, TestVocabulary.End, mask));
        Assert.True(TestVocabulary.Allows(constraint, TestVocabulary.Response, mask));
        Assert.False(TestVocabulary.Allows(constraint, TestVocabulary.CallStart, mask));
        Assert.False(TestVocabulary.Allows(constraint, 'x', mask));
    }

    [Theory]
    [InlineData("""{"ok":true}""", true)]
    [InlineData("""<|tool_call>call:ping{}<tool_call|>""", true)]
    [InlineData("""<|tool_call>call:ping{}<tool_call|><|tool_call>call:ping{}<tool_call|>""", true)]
    [InlineData("""{"ok":1}""", false)]
    [InlineData("""{"ok":true}<|tool_call>call:ping{}<tool_call|>""", false)]
    [InlineData("""<|tool_call>call:ping{}<tool_call|>{"ok":true}""", false)]
    [InlineData("""<|tool_call>call:unknown{}<tool_call|>""", false)]
    [InlineData("Well.<|tool_call>call:ping{}<tool_call|>", false)]
    [InlineData("", false)]
    public void Beside_a_format_the_model_either_calls_or_answers_in_the_format(string output, bool allowed)
    {
        ConstraintCompiler compiler = TestVocabulary.Compiler();
        ITokenConstraintSource answer = compiler.Compiled(new ConstraintSpec.JsonSchema(JsonElement.Parse(
            """{"type":"object","properties":{"ok":{"type":"boolean"}},"required":["ok"],"additionalProperties":false}""")));
        Assert.Equal(allowed, TestVocabulary.Accepts(compiler.CallsOrAnswer(compiler.Compiled(new ConstraintSpec.ToolCalls([Weather, Ping], ToolCallMode.Required, true)), answer), output));
        Assert.Equal(
            allowed, TestVocabulary.Accepts(compiler.WithThinking(compiler.CallsOrAnswer(compiler.Compiled(new ConstraintSpec.ToolCalls([Weather, Ping], ToolCallMode.Required, true)), answer), startsOpen: false)!, output));
    }

    [Fact]
    public void Strict_tool_with_a_schema_that_cannot_be_enforced_is_refused_and_another_falls_back_to_any_object()
    {
        JsonElement schema = JsonElement.Parse("""{"type":"object","properties":{"a":{"$ref":"https://example.org/a"}}}""");
        ConstraintException refusal = Assert.Throws<ConstraintException>(
            () => TestVocabulary.Compiler().Compiled(new ConstraintSpec.ToolCalls([new("f", schema, IsStrict: true)], ToolCallMode.Required, false)));
        Assert.Equal("f#/properties/a/$ref", refusal.Path);
        ITokenConstraintSource loose = TestVocabulary.Compiler().Compiled(new ConstraintSpec.ToolCalls([new("f", schema)], ToolCallMode.Required, false));
        Assert.True(TestVocabulary.Accepts(loose, "<|tool_call>call:f{a:1}<tool_call|>"));
    }

    private static ITokenConstraintSource Compile(ToolCallMode mode, bool parallel) =>
        TestVocabulary.Compiler().Compiled(new ConstraintSpec.ToolCalls([Weather, Ping], mode, parallel));
}
