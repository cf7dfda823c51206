using System.Text.Json;
using Gemma4.Engine.Requests;
using Gemma4.Engine.StructuredOutput;
using Xunit;

namespace Gemma4.Engine.Tests.StructuredOutput.Constraints;

public sealed class LoopGuardTests
{
    private static readonly int Limit = new ConstraintOptions().LoopLimit;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(32)]
    public void Endless_repetition_in_a_string_is_a_loop(int period)
    {
        ITokenConstraint constraint = Schema("""{"type":"string"}""");
        Assert.True(constraint.Accept('"'));
        char[] text = [.. Enumerable.Range(0, period).Select(i => (char)(i < 26 ? 'a' + i : 'A' + i - 26))];
        Assert.InRange(TokensUntilLoop(constraint, text, 500), Limit, 500);
    }

    [Theory]
    [InlineData("""{"type":"array","items":{"type":"integer"}}""", "[", "0,")]
    [InlineData("""{"type":"object","additionalProperties":{"type":"integer"}}""", "{", "\"a\":1,")]
    [InlineData("""{"$ref":"#/$defs/a","$defs":{"a":{"type":"array","items":{"$ref":"#/$defs/a"}}}}""", "", "[")]
    [InlineData("""{"$ref":"#/$defs/a","$defs":{"a":{"type":"object","properties":{"a":{"$ref":"#/$defs/a"}}}}}""", "", "{\"a\":")]
    public void What_a_schema_does_not_count_is_a_loop_when_it_repeats(string schema, string start, string again)
    {
        ITokenConstraint constraint = Schema(schema);
        Feed(constraint, start);
        Assert.InRange(TokensUntilLoop(constraint, again, 700), Limit, 700);
    }

    [Theory]
    [InlineData("""{"type":"array","items":{"type":"integer"},"minItems":600,"maxItems":600}""", "[", "0,", 599, "0]")]
    [InlineData("""{"type":"array","items":{"type":"integer"},"minItems":600}""", "[", "0,", 599, "0]")]
    [InlineData("""{"type":"array","items":{"type":"integer"},"maxItems":600}""", "[", "0,", 599, "0]")]
    [InlineData("""{"type":"string","minLength":1000}""", "\"", "a", 1000, "\"")]
    [InlineData("""{"type":"string","pattern":"^(ab){600}$"}""", "\"", "ab", 600, "\"")]
    public void What_a_schema_counts_is_no_loop(string schema, string start, string again, int times, string end)
    {
        ITokenConstraint constraint = Schema(schema);
        Feed(constraint, start);
        for (int i = 0; i < times; i++)
            Feed(constraint, again);
        foreach (int token in TestVocabulary.Tokens(end))
            Assert.NotEqual(AcceptResult.Loops, constraint.Accept(token, mayCompute: true));
        uint[] mask = new uint[(TestVocabulary.Size + 31) / 32];
        Assert.True(TestVocabulary.Allows(constraint, TestVocabulary.End, mask));
    }

    [Theory]
    [InlineData("root ::= \"0\" root | \"1\"", "0")]
    [InlineData("root ::= \"(\" root \")\" | \"1\"", "(")]
    public void Recursion_of_a_grammar_that_goes_on_is_a_loop(string grammar, string again) =>
        Assert.InRange(TokensUntilLoop(TestVocabulary.Compiler().Compiled(new ConstraintSpec.Grammar(grammar)).Create(), again, 500), Limit, 500);

    [Fact]
    public void Repetition_that_a_grammar_counts_is_no_loop()
    {
        ITokenConstraint constraint = TestVocabulary.Compiler().Compiled(new ConstraintSpec.Grammar("root ::= item{500} \"1\"\nitem ::= \"0\"")).Create();
        for (int i = 0; i < 500; i++)
            Assert.True(constraint.Accept('0'));
        Assert.Equal(AcceptResult.Complete, constraint.Accept('1', mayCompute: true));
    }

    [Fact]
    public void Arguments_of_a_call_that_go_round_in_circles_are_a_loop()
    {
        ToolSignature tool = new("f", JsonElement.Parse("""{"type":"object","properties":{"a":{"type":"array","items":{"type":"integer"}}}}"""));
        foreach (ToolCallMode mode in Enum.GetValues<ToolCallMode>())
        {
            ITokenConstraint constraint = TestVocabulary.Compiler().Compiled(new ConstraintSpec.ToolCalls([tool], mode, IsParallel: false)).Create();
            Feed(constraint, "<|tool_call>call:f{a:[");
            Assert.InRange(TokensUntilLoop(constraint, "0,", 500), Limit, 500);
        }
    }

    [Fact]
    public void Long_text_that_does_not_repeat_goes_on()
    {
        ITokenConstraint constraint = Schema("""{"type":"string"}""");
        Assert.True(constraint.Accept('"'));
        Random random = new(1);
        for (int i = 0; i < 5000; i++)
            Assert.True(constraint.Accept('a' + random.Next(26)));
    }

    [Fact]
    public void Limit_of_nothing_sees_no_loop()
    {
        ITokenConstraint constraint = new ConstraintCompiler(TestVocabulary.Create(loopLimit: 0)).Compiled(new ConstraintSpec.JsonSchema(JsonElement.Parse("""{"type":"string"}"""))).Create();
        Assert.True(constraint.Accept('"'));
        for (int i = 0; i < 2000; i++)
            Assert.True(constraint.Accept('a'));
    }

    private static int TokensUntilLoop(ITokenConstraint constraint, ReadOnlySpan<char> again, int most)
    {
        for (int tokens = 0; tokens < most; tokens++)
        {
            AcceptResult result = constraint.Accept(again[tokens % again.Length], mayCompute: true);
            if (result == AcceptResult.Loops)
                return tokens;
            Assert.Equal(AcceptResult.GoesOn, result);
        }
        return most + 1;
    }

    private static ITokenConstraint Schema(string schema) => TestVocabulary.Compiler().Compiled(new ConstraintSpec.JsonSchema(JsonElement.Parse(schema))).Create();

    private static void Feed(ITokenConstraint constraint, string text)
    {
        foreach (int token in TestVocabulary.Tokens(text))
            Assert.True(constraint.Accept(token));
    }
}
