using System.Text.Json;
using Gemma4.Engine.Requests;
using Gemma4.Engine.StructuredOutput;
using Gemma4.Engine.StructuredOutput.Automata;
using Gemma4.Engine.StructuredOutput.Constraints;
using Xunit;

namespace Gemma4.Engine.Tests.StructuredOutput.Vocabulary;

/// <summary>Masks against the definition: a token is allowed when the machine lives after its bytes.</summary>
public sealed class MaskTests
{
    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"type":"string"}""")]
    [InlineData("""{"type":"string","maxLength":4}""")]
    [InlineData("""{"type":"string","pattern":"^[a-zé]+$"}""")]
    [InlineData("""{"type":"string","not":{"enum":["abc","hello"]}}""")]
    [InlineData("""{"type":"object","properties":{"name":{"type":"string"},"type":{"enum":["abc","xyz","é"]}},"required":["name"]}""")]
    [InlineData("""{"type":"object","properties":{"name":{"type":"number"}},"additionalProperties":{"type":"boolean"}}""")]
    [InlineData("""{"type":"array","items":{"anyOf":[{"type":"integer","minimum":-1,"maximum":20},{"type":"string","minLength":1},{"type":"null"}]}}""")]
    [InlineData("""{"type":"string","pattern":"[a-z]\\d"}""")]
    public void Mask_equals_every_token_tried_alone(string schema)
    {
        foreach (JsonWhitespace whitespace in Enum.GetValues<JsonWhitespace>())
        {
            CompiledGrammar grammar = TestVocabulary.Compiler(PropertyOrder.Any).CompiledNew(new ConstraintSpec.JsonSchema(JsonElement.Parse(schema), whitespace));
            for (int seed = 0; seed < 12; seed++)
                Walk(grammar, new Random(seed));
        }
    }

    [Fact]
    public void Sequences_of_one_grammar_do_not_disturb_each_other()
    {
        ITokenConstraintSource source = TestVocabulary.Compiler().Compiled(new ConstraintSpec.JsonSchema(JsonElement.Parse("""{"type":"array","items":{"type":"string"}}""")));
        ITokenConstraint a = source.Create(), b = source.Create();
        uint[] mask = new uint[(TestVocabulary.Size + 31) / 32];
        Assert.True(a.Accept('['));
        Assert.True(a.Accept('"'));
        Assert.False(TestVocabulary.Allows(b, 'x', mask));
        Assert.True(TestVocabulary.Allows(a, 'x', mask));
        Assert.True(TestVocabulary.Allows(b, '[', mask));
    }

    [Fact]
    public void End_token_comes_only_at_an_end_and_is_all_that_is_left_after_it()
    {
        ITokenConstraint constraint = TestVocabulary.Compiler().Compiled(new ConstraintSpec.JsonSchema(JsonElement.Parse("""{"type":"integer"}"""))).Create();
        uint[] mask = new uint[(TestVocabulary.Size + 31) / 32];
        Assert.False(TestVocabulary.Allows(constraint, TestVocabulary.End, mask));
        Assert.True(constraint.Accept('7'));
        Assert.True(TestVocabulary.Allows(constraint, TestVocabulary.End, mask));
        Assert.True(TestVocabulary.Allows(constraint, '7', mask));
        Assert.False(constraint.Accept(TestVocabulary.End));
        Assert.Equal(1, Count(constraint, mask));
    }

    [Fact]
    public void Sequence_ends_by_itself_when_nothing_can_follow()
    {
        ITokenConstraint constraint = TestVocabulary.Compiler().Compiled(new ConstraintSpec.JsonSchema(JsonElement.Parse("""{"enum":[true]}"""))).Create();
        Assert.False(constraint.Accept(Enumerable.Range(0, TestVocabulary.Size).First(i => TestVocabulary.Bytes(i).AsSpan().SequenceEqual("true"u8))));
    }

    private static int Count(ITokenConstraint constraint, uint[] mask)
    {
        constraint.TryFillMask(mask);
        return mask.Sum(System.Numerics.BitOperations.PopCount);
    }

    private static void Walk(CompiledGrammar grammar, Random random)
    {
        uint[] mask = new uint[(TestVocabulary.Size + 31) / 32];
        MachineState state = grammar.Start;
        for (int step = 0; step < 24; step++)
        {
            grammar.Fill(state, mask);
            List<int> allowed = [];
            for (int token = 0; token < TestVocabulary.Size; token++)
            {
                bool expected = !grammar.Step(state, token).IsDead && (TestVocabulary.IsControl(token) || TestVocabulary.Bytes(token).Length > 0);
                Assert.Equal(expected, (mask[token >> 5] >> (token & 31) & 1) != 0);
                if (expected)
                    allowed.Add(token);
            }
            if (allowed.Count == 0)
            {
                Assert.True(state.CanEnd);
                return;
            }
            state = grammar.Step(state, allowed[random.Next(allowed.Count)]);
        }
    }
}
