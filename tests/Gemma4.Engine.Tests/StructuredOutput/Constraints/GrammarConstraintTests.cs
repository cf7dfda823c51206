using System.Text.Json;
using Gemma4.Engine.Requests;
using Gemma4.Engine.StructuredOutput;
using Gemma4.Engine.StructuredOutput.Constraints;
using Xunit;

namespace Gemma4.Engine.Tests.StructuredOutput.Constraints;

public sealed class GrammarConstraintTests
{
    private const string Schema = """{"type":"object","properties":{"name":{"type":"string","maxLength":9},"n":{"type":"integer"}},"required":["name"]}""";

    private readonly uint[] _mask = new uint[(TestVocabulary.Size + 31) / 32];
    private readonly uint[] _known = new uint[(TestVocabulary.Size + 31) / 32];

    [Fact]
    public void What_one_sequence_has_computed_another_has_at_once()
    {
        ITokenConstraintSource source = TestVocabulary.Compiler().Compiled(new ConstraintSpec.JsonSchema(JsonElement.Parse(Schema)));
        List<int> tokens = TestVocabulary.Tokens("""{"name":"abc","n":12}""");
        ITokenConstraint first = source.Create(), second = source.Create();
        foreach (int token in tokens)
        {
            // The first mask was made when the schema was compiled.
            Assert.Equal(token == '{' ? MaskResult.Masked : MaskResult.NotAtOnce, second.FillMask(_known, mayCompute: false));
            Assert.Equal(MaskResult.Masked, first.FillMask(_mask, mayCompute: true));
            Assert.Equal(MaskResult.Masked, second.FillMask(_known, mayCompute: false));
            Assert.Equal(_mask, _known);
            Assert.Equal(first.Accept(token, mayCompute: true), second.Accept(token, mayCompute: false));
        }
    }

    [Fact]
    public void Token_whose_effect_is_not_known_changes_nothing_until_it_may_be_computed()
    {
        ITokenConstraint constraint = TestVocabulary.Compiler().Compiled(new ConstraintSpec.JsonSchema(JsonElement.Parse(Schema))).Create();
        Assert.Equal(AcceptResult.GoesOn, constraint.Accept('{', mayCompute: false)); // the first mask, made with the schema, has been there
        Assert.Equal(AcceptResult.GoesOn, constraint.Accept('"', mayCompute: true));
        Assert.Equal(AcceptResult.NotAtOnce, constraint.Accept('n', mayCompute: false));
        Assert.Equal(AcceptResult.NotAtOnce, constraint.Accept('n', mayCompute: false));
        Assert.Equal(AcceptResult.GoesOn, constraint.Accept('n', mayCompute: true));
        Assert.True(TestVocabulary.Allows(constraint, 'a', _mask));
        Assert.False(TestVocabulary.Allows(constraint, '"', _mask));
    }

    [Fact]
    public void While_another_sequence_computes_what_is_known_is_not_waited_for()
    {
        CompiledGrammar grammar = TestVocabulary.Compiler().CompiledNew(new ConstraintSpec.JsonSchema(JsonElement.Parse(Schema)));
        ITokenConstraint constraint = grammar.Create();
        using ManualResetEventSlim isHeld = new(), mayEnd = new();
        Thread holder = new(() => grammar.Hold(() =>
        {
            isHeld.Set();
            mayEnd.Wait();
        }));
        holder.Start();
        isHeld.Wait(TestContext.Current.CancellationToken);
        Assert.Equal(MaskResult.NotAtOnce, constraint.FillMask(_mask, mayCompute: false));
        Assert.Equal(AcceptResult.NotAtOnce, constraint.Accept('{', mayCompute: false));
        mayEnd.Set();
        holder.Join();
        Assert.Equal(MaskResult.Masked, constraint.FillMask(_mask, mayCompute: false));
    }

    [Fact]
    public void End_token_needs_no_computing()
    {
        ITokenConstraint constraint = TestVocabulary.Compiler().Compiled(new ConstraintSpec.JsonSchema(JsonElement.Parse(Schema))).Create();
        Assert.Equal(AcceptResult.Complete, constraint.Accept(TestVocabulary.End, mayCompute: false));
    }
}
