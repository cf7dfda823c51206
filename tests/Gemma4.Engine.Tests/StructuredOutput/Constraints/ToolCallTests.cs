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

    /// <summary>A grammar of patches as coding agents send it.</summary>
    private const string Patch = """
        start: begin_patch hunk+ end_patch
        begin_patch: "*** Begin Patch" LF
        end_patch: "*** End Patch" LF?

        hunk: add_hunk | delete_hunk | update_hunk
        add_hunk: "*** Add File: " filename LF add_line+
        delete_hunk: "*** Delete File: " filename LF
        update_hunk: "*** Update File: " filename LF change_move? change?

        filename: /(.+)/
        add_line: "+" /(.*)/ LF -> line

        change_move: "*** Move to: " filename LF
        change: (change_context | change_line)+ eof_line?
        change_context: ("@@" | "@@ " /(.+)/) LF
        change_line: ("+" | "-" | " ") /(.*)/ LF
        eof_line: "*** End of File" LF

        %import common.LF
        """;

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

    [Theory]
    [InlineData("[a-c]{2,3}", "ab", true)]
    [InlineData("[a-c]{2,3}", "a", false)]
    [InlineData("(\\d+\\n)*", "1\n22\n", true)]
    [InlineData("(\\d+\\n)*", "", true)]
    [InlineData("(\\d+\\n)*", "1\n2", false)]
    public void Free_text_is_held_to_its_pattern(string pattern, string input, bool allowed) =>
        Assert.Equal(allowed, AcceptsInput(new ToolInput.Pattern(pattern), input));

    [Theory]
    [InlineData("*** Begin Patch\n*** Add File: a.txt\n+one \"two\"\n+\n*** End Patch", true)]
    [InlineData("*** Begin Patch\n*** Update File: a.txt\n*** Move to: b.txt\n@@ class {\n-x\n+y\n z\n*** End of File\n*** Delete File: c\n*** End Patch\n", true)]
    [InlineData("*** Begin Patch\n*** End Patch", false)]
    [InlineData("*** Begin Patch\n*** Add File: a.txt\none\n*** End Patch", false)]
    [InlineData("", false)]
    public void Free_text_is_held_to_its_grammar(string input, bool allowed) => Assert.Equal(allowed, AcceptsInput(new ToolInput.Grammar(Patch), input));

    [Fact]
    public void Free_text_of_a_grammar_may_be_empty_where_the_grammar_may()
    {
        Assert.True(AcceptsInput(new ToolInput.Grammar("start: \"a\"*"), ""));
        Assert.True(AcceptsInput(new ToolInput.Grammar("start: item*\nitem: \"(\" item* \")\""), "(()())"));
    }

    [Theory]
    [InlineData("start: missing", "edit line 1, column 8")]
    [InlineData("start: \"a", "edit line 1, column 10")]
    public void A_grammar_that_cannot_be_read_is_refused_with_its_tools_name(string grammar, string path) =>
        Assert.Equal(path, Assert.Throws<ConstraintException>(() => AcceptsInput(new ToolInput.Grammar(grammar), "")).Path);

    [Fact]
    public void A_pattern_that_cannot_be_read_is_refused_with_its_tools_name() =>
        Assert.Equal("edit", Assert.Throws<ConstraintException>(() => AcceptsInput(new ToolInput.Pattern("(?<=a)b"), "")).Path);

    [Fact]
    public void Free_text_of_other_patterns_is_another_constraint()
    {
        string[] keys = [.. new ToolInput?[] { null, new ToolInput.Pattern("a"), new ToolInput.Pattern("b"), new ToolInput.Grammar("a") }.Select(
            input => new ConstraintSpec.ToolCalls([new("edit", null) { Input = input }], ToolCallMode.Auto, true).Key)];
        Assert.Distinct(keys);
    }

    private static bool AcceptsInput(ToolInput input, string text) => TestVocabulary.Accepts(
        TestVocabulary.Compiler().Compiled(new ConstraintSpec.ToolCalls([Ping, new("edit", null) { Input = input }], ToolCallMode.Required, false)),
        $$"""<|tool_call>call:edit{input:<|"|>{{text}}<|"|>}<tool_call|>""");

    private static ITokenConstraintSource Compile(ToolCallMode mode, bool parallel) =>
        TestVocabulary.Compiler().Compiled(new ConstraintSpec.ToolCalls([Weather, Ping], mode, parallel));
}
