using System.Text.Json;
using Gemma4.Engine.Requests;
using Gemma4.Engine.StructuredOutput;
using Xunit;

namespace Gemma4.Engine.Tests.StructuredOutput.Constraints;

/// <summary>A constraint that has gone forward and back is where a fresh one comes to with the tokens that are left.</summary>
public sealed class RollbackTests
{
    private const int NumWalks = 25, StepsPerWalk = 60, MaxTokens = 50;

    /// <summary>Small, so that walks come to it.</summary>
    private const int LoopLimit = 5;

    private const string Tool = """{"type":"object","properties":{"key":{"type":"integer"},"b":{"type":"string","maxLength":3}},"required":["key"]}""";

    private readonly ConstraintCompiler _compiler = new(TestVocabulary.Create(LoopLimit), special: TestVocabulary.Special);

    public static TheoryData<string> Kinds =>
        ["schema", "pattern", "choice", "grammar", "calls", "calls when they come", "one call when it comes", "calls or answer", "thought, then schema", "thought with a budget"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Tokens_that_are_left_decide_the_masks(string kind)
    {
        ITokenConstraintSource source = Source(kind);
        int numRollbacks = 0, numEnds = 0;
        for (int seed = 0; seed < NumWalks; seed++)
            Walk(source, new Random(seed), ref numRollbacks, ref numEnds);
        Assert.True(numRollbacks > NumWalks, $"{numRollbacks} times back");
        Assert.True(numEnds > 0 || kind.StartsWith("thought with", StringComparison.Ordinal), "no walk came back over the end of an answer or of a call");
    }

    [Fact]
    public void Token_that_is_not_taken_at_once_changes_nothing()
    {
        var calls = (ITokenConstraintSource)_compiler.CompiledNew(new ConstraintSpec.ToolCalls([Go], ToolCallMode.Required, IsParallel: true));
        var answer = _compiler.CompiledNew(new ConstraintSpec.JsonSchema(JsonElement.Parse(Tool)));
        ITokenConstraint constraint = _compiler.CallsOrAnswer(calls, answer).Create();
        AcceptResult whileOthersWork = AcceptResult.GoesOn;
        answer.Hold(() =>
        {
            var engine = new Thread(() => whileOthersWork = constraint.Accept('{', mayCompute: false));
            engine.Start();
            engine.Join();
        });
        Assert.Equal(AcceptResult.NotAtOnce, whileOthersWork);
        Assert.True(constraint.Accept(TestVocabulary.CallStart));
        AssertSame(_compiler.CallsOrAnswer(calls, answer), [TestVocabulary.CallStart], constraint, AcceptResult.GoesOn);
    }

    private static ToolSignature Go => new("get", JsonElement.Parse(Tool), IsStrict: true);

    private static void Walk(ITokenConstraintSource source, Random random, ref int numRollbacks, ref int numEnds)
    {
        ITokenConstraint constraint = source.Create();
        uint[] mask = new uint[(TestVocabulary.Size + 31) / 32];
        List<(int TokenId, AcceptResult Result)> taken = [];
        int numKept = 0;      // states that can be gone back to
        for (int step = 0; step < StepsPerWalk; step++)
        {
            bool hasEnded = taken.Count > 0 && taken[^1].Result != AcceptResult.GoesOn;
            if (numKept > 0 && (hasEnded || taken.Count == MaxTokens || random.Next(4) == 0))
            {
                int numBack = random.Next(1, numKept + 1);
                constraint.Rollback(numBack);
                hasEnded |= taken.TakeLast(numBack).Any(t => t.TokenId == TestVocabulary.CallEnd);
                taken.RemoveRange(taken.Count - numBack, numBack);
                numKept -= numBack;
                numRollbacks++;
                numEnds += hasEnded ? 1 : 0;
            }
            else if (hasEnded)
            {
                return;
            }
            else
            {
                int tokenId = Choose(constraint, taken, random, mask);
                taken.Add((tokenId, constraint.Accept(tokenId, mayCompute: true)));
                numKept = Math.Min(numKept + 1, ITokenConstraint.MaxRollback);
            }
            AssertSame(source, [.. taken.Select(t => t.TokenId)], constraint, taken.Count == 0 ? AcceptResult.GoesOn : taken[^1].Result);
        }
    }

    /// <summary>A token that may come: often the last one again, for the guard against loops, and control tokens, for what they start.</summary>
    private static int Choose(ITokenConstraint constraint, List<(int TokenId, AcceptResult Result)> taken, Random random, uint[] mask)
    {
        if (constraint.FillMask(mask, mayCompute: true) == MaskResult.Unmasked)
            Array.Fill(mask, uint.MaxValue);
        int[] allowed = [.. Enumerable.Range(0, TestVocabulary.Size).Where(id => (mask[id >> 5] >> (id & 31) & 1) != 0)];
        if (taken.Count > 0 && allowed.Contains(taken[^1].TokenId) && random.Next(4) > 0)
            return taken[^1].TokenId;
        int[] control = [.. allowed.Where(id => id is TestVocabulary.CallStart or TestVocabulary.CallEnd or TestVocabulary.ChannelEnd or '}' or '"')];
        return control.Length > 0 && random.Next(2) == 0 ? control[random.Next(control.Length)] : allowed[random.Next(allowed.Length)];
    }

    private static void AssertSame(ITokenConstraintSource source, int[] tokens, ITokenConstraint constraint, AcceptResult last)
    {
        ITokenConstraint fresh = source.Create();
        AcceptResult result = AcceptResult.GoesOn;
        foreach (int tokenId in tokens)
            result = fresh.Accept(tokenId, mayCompute: true);
        Assert.Equal(result, last);
        uint[] expected = new uint[(TestVocabulary.Size + 31) / 32], found = new uint[expected.Length];
        MaskResult kind = fresh.FillMask(expected, mayCompute: true);
        Assert.Equal(kind, constraint.FillMask(found, mayCompute: true));
        if (kind == MaskResult.Masked)
            Assert.Equal(expected, found);
    }

    private ITokenConstraintSource Source(string kind) => kind switch
    {
        "schema" => _compiler.Compiled(Schema()),
        "pattern" => _compiler.Compiled(new ConstraintSpec.Regex("(ab|[0-9]{2,6}x)+yz?")),
        "choice" => _compiler.Compiled(new ConstraintSpec.Choice("hello", "hello the", "abc", "日本")),
        "grammar" => _compiler.Compiled(new ConstraintSpec.Grammar("root ::= \"(\" root \")\" | \"a\" root | \"1\" | \"2\"")),
        "calls" => _compiler.Compiled(new ConstraintSpec.ToolCalls([Go], ToolCallMode.Required, IsParallel: true)),
        "calls when they come" => _compiler.Compiled(new ConstraintSpec.ToolCalls([Go], ToolCallMode.Auto, IsParallel: true)),
        "one call when it comes" => _compiler.Compiled(new ConstraintSpec.ToolCalls([Go], ToolCallMode.Auto, IsParallel: false)),
        "calls or answer" => _compiler.CallsOrAnswer(Source("calls"), Source("schema")),
        "thought, then schema" => _compiler.WithThinking(Source("schema"), startsOpen: false, budget: 6)!,
        "thought with a budget" => _compiler.WithThinking(null, startsOpen: true, budget: 4)!,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no such kind"),
    };

    private static ConstraintSpec.JsonSchema Schema() => new(JsonElement.Parse(
        """{"type":"object","properties":{"name":{"type":"string"},"type":{"type":"array","items":{"type":"integer"},"maxItems":4}},"required":["name"]}"""));
}
