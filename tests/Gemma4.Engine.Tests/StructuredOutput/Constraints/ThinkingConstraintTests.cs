using System.Text.Json;
using Gemma4.Engine.Requests;
using Gemma4.Engine.StructuredOutput;
using Xunit;

namespace Gemma4.Engine.Tests.StructuredOutput.Constraints;

public sealed class ThinkingConstraintTests
{
    private readonly uint[] _mask = new uint[(TestVocabulary.Size + 31) / 32];

    [Fact]
    public void Schema_holds_only_after_the_channel_closes()
    {
        ITokenConstraint constraint = Create(startsOpen: false);
        Assert.True(Allows(constraint, TestVocabulary.ChannelStart));
        Assert.True(Allows(constraint, '{'));
        Assert.False(Allows(constraint, 'x'));
        Feed(constraint, "<|channel>thought\nanything } at \"all\"");
        Assert.False(Allows(constraint, TestVocabulary.End));
        Assert.False(Allows(constraint, TestVocabulary.CallStart));
        Feed(constraint, "<channel|>");
        Assert.False(Allows(constraint, TestVocabulary.ChannelStart));
        Assert.False(Allows(constraint, 'x'));
        Assert.True(Allows(constraint, '{'));
        Assert.True(constraint.Accept('{'));
        Assert.False(constraint.Accept('}'));
    }

    [Fact]
    public void No_thought_may_follow_once_the_answer_has_begun()
    {
        ITokenConstraint constraint = Create(startsOpen: false);
        Assert.True(constraint.Accept('{'));
        Assert.False(Allows(constraint, TestVocabulary.ChannelStart));
    }

    [Fact]
    public void Channel_left_open_by_the_prompt_is_where_the_sequence_starts()
    {
        ITokenConstraint constraint = Create(startsOpen: true);
        Assert.True(Allows(constraint, 'x'));
        Assert.True(Allows(constraint, TestVocabulary.ChannelEnd));
        Assert.False(Allows(constraint, TestVocabulary.End));
    }

    [Fact]
    public void Budget_closes_the_channel_and_the_answer_follows()
    {
        ITokenConstraint constraint = Create(startsOpen: true, budget: 3);
        Feed(constraint, "abc");
        Assert.False(Allows(constraint, 'x'));
        Assert.True(Allows(constraint, TestVocabulary.ChannelEnd));
        Feed(constraint, "<channel|>");
        Assert.True(Allows(constraint, '{'));
        Assert.False(Allows(constraint, 'x'));
    }

    [Fact]
    public void Without_a_schema_the_budget_holds_for_all_thoughts_together()
    {
        ITokenConstraint constraint = TestVocabulary.Compiler().WithThinking(null, startsOpen: false, budget: 4)!.Create();
        Assert.False(constraint.TryFillMask(_mask));
        Feed(constraint, "<|channel>ab<channel|>text");
        Assert.False(constraint.TryFillMask(_mask));
        Feed(constraint, "<|channel>");
        Assert.False(constraint.TryFillMask(_mask));
        Feed(constraint, "c");
        Assert.True(constraint.TryFillMask(_mask));
        Assert.Equal(1, _mask.Sum(System.Numerics.BitOperations.PopCount));
        Assert.True(Allows(constraint, TestVocabulary.ChannelEnd));
    }

    [Fact]
    public void Budget_of_nothing_allows_no_thought()
    {
        ITokenConstraint constraint = Create(startsOpen: false, budget: 0);
        Assert.False(Allows(constraint, TestVocabulary.ChannelStart));
        Assert.True(Allows(constraint, '{'));
    }

    private static ITokenConstraint Create(bool startsOpen, int? budget = null)
    {
        ConstraintCompiler compiler = TestVocabulary.Compiler();
        return compiler.WithThinking(compiler.Compiled(ConstraintSpec.JsonSchema.AnyObject()), startsOpen, budget)!.Create();
    }

    private static void Feed(ITokenConstraint constraint, string text)
    {
        foreach (int token in TestVocabulary.Tokens(text))
            Assert.True(constraint.Accept(token));
    }

    private bool Allows(ITokenConstraint constraint, int token) => TestVocabulary.Allows(constraint, token, _mask);
}
