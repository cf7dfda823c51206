using System.Text.Json;
using Gemma4.Engine.Requests;
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
        ITokenConstraintSource source = TestVocabulary.Compiler().CompileJsonSchema(JsonElement.Parse(Schema));
        List<int> tokens = TestVocabulary.Tokens("""{"name":"abc","n":12}""");
        ITokenConstraint first = source.Create(), second = source.Create();
        foreach (int token in tokens)
        {
            Assert.Equal(MaskResult.NotAtOnce, second.FillMask(_known, mayCompute: false));
            Assert.Equal(MaskResult.Masked, first.FillMask(_mask, mayCompute: true));
            Assert.Equal(MaskResult.Masked, second.FillMask(_known, mayCompute: false));
            Assert.Equal(_mask, _known);
            Assert.Equal(first.Accept(token, mayCompute: true), second.Accept(token, mayCompute: false));
        }
    }

    [Fact]
    public void Token_whose_effect_is_not_known_changes_nothing_until_it_may_be_computed()
    {
        ITokenConstraint constraint = TestVocabulary.Compiler().CompileJsonSchema(JsonElement.Parse(Schema)).Create();
        Assert.Equal(AcceptResult.NotAtOnce, constraint.Accept('{', mayCompute: false));
        Assert.Equal(AcceptResult.NotAtOnce, constraint.Accept('{', mayCompute: false));
        Assert.Equal(AcceptResult.GoesOn, constraint.Accept('{', mayCompute: true));
        Assert.True(TestVocabulary.Allows(constraint, '"', _mask));
        Assert.False(TestVocabulary.Allows(constraint, '{', _mask));
    }

    [Fact]
    public void End_token_needs_no_computing()
    {
        ITokenConstraint constraint = TestVocabulary.Compiler().CompileJsonSchema(JsonElement.Parse(Schema)).Create();
        Assert.Equal(AcceptResult.Complete, constraint.Accept(TestVocabulary.End, mayCompute: false));
    }
}
