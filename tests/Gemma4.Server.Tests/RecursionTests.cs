using System.Reflection;
using Gemma4.Conformance;
using Gemma4.Engine;
using Gemma4.Measurement;
using Gemma4.Verification;
using Xunit;

namespace Gemma4.Server.Tests;

/// <summary>A method that calls itself, directly or by way of others, ends the process when it goes too deep: nothing catches that. So each
/// has a depth that is checked, or stands in a list that says why it cannot go deep.</summary>
/// <remarks>Records compare, hash and print the records they hold: those members count too (see <see cref="CallGraph"/>).</remarks>
public sealed class RecursionTests
{
    private const string Json = "Goes down JSON, which is read with at most 64 levels.";
    private const string Tokenizer = "Goes down the JSON of tokenizer.json, which is read with at most 64 levels.";
    private const string Record = "Made by the compiler; nodes of a grammar are walked, never compared, hashed or printed.";
    private const string Wrapper = "A constraint may wrap another, and that a third: ConstraintCompiler makes no more.";
    private const string Decoder = "Hands its text on to the next step of a chain, whose length DecoderPlan limits.";

    /// <summary>Methods that refuse to go deeper: a cycle is cut at each that calls one of them.</summary>
    private static readonly string[] Guards =
    [
        "RuntimeHelpers.EnsureSufficientExecutionStack",
        "RuntimeHelpers.TryEnsureSufficientExecutionStack",
        "GrammarReader.CheckDepth",
        "RenderBudget.EnsureStack",
        "RenderBudget.Enter",
        "TokenReader.Enter",
        "WorkBudget.Descend",
    ];

    /// <summary>Methods at which a cycle is cut without one, and what bounds their depth.</summary>
    private static readonly Dictionary<string, string> Allowed = new()
    {
        ["Alternative.Of"] = "Calls what a keyword says of a shape.",
        ["ArgumentReader.AfterSingleQuote"] = "Has the symbol read inside or behind a string, which does not give it back.",
        ["ArgumentReader.EndBareBeforeQuotedKey"] = "Has the symbol read as the start of a key, which does not give it back.",
        ["ArgumentReader.SingleQuotedString"] = "Calls ReadSingleQuoteAsText, which counts how often it runs.",
        ["BraceFormat.Format"] = "Has a depth: a format may hold formats, and those none.",
        ["ByteFallbackStep.*"] = Decoder,
        ["CallsOrAnswerConstraint.*"] = Wrapper,
        ["CallsOrAnswerSource.Create"] = Wrapper,
        ["CasePlaceholders.Expand"] = Json,
        ["DecoderPlan.Add"] = Tokenizer,
        ["DictView.WriteRepr"] = "Calls that of ListValue, which has a guard.",
        ["ExpressionParser.ParseLeft"] = "The operands of an operator are of the next tighter one, down to ParseUnary, which has a guard.",
        ["ForStatement.Capture"] = "Runs when a template calls its loop, and CallExpression has a guard.",
        ["FunctionValue.Call"] = "A method of a text calls a function of the engine, which calls none.",
        ["FuseStep.*"] = Decoder,
        ["GrammarNode.Repeat.Equals"] = Record,
        ["GrammarNode.Repeat.GetHashCode"] = Record,
        ["GrammarNode.Repeat.PrintMembers"] = Record,
        ["JsonEquality.Equal"] = Json,
        ["JsonKinds.Expected"] = "Goes down the types of the API.",
        ["MaskWorkers.StartThread"] = "What it starts has a stack of its own.",
        ["MetaspacePreTokenizer.Split"] = "Calls that of TextSplitter.",
        ["MetaspaceStep.*"] = Decoder,
        ["Normalizer.Read"] = Tokenizer,
        ["Normalizer.Several.Apply"] = Tokenizer,
        ["KeptStreamFormat.*"] = "Wraps a chat's format, which wraps none.",
        ["Normalizer.Several.get_KeepsPlaces"] = Tokenizer,
        ["Numbers.Compare"] = "Calls itself once, with its operands the other way round.",
        ["ParameterSchema.NamedTypes"] = Json,
        ["ParameterSchema.TypesOf"] = "Has a depth.",
        ["ParameterSchema.WithBranches"] = "Has a depth.",
        ["PatternParser.ParseChoice"] = "Has a depth.",
        ["PostProcessor.Read"] = Tokenizer,
        ["PreTokenizer.Read"] = Tokenizer,
        ["PreTokenizer.Several.Split"] = Tokenizer,
        ["PreTokenizer.Several.get_MindsStart"] = Tokenizer,
        ["ReplaceStep.*"] = Decoder,
        ["RxBuilder.Link"] = "Joins a link with the next; those behind are joined already, as far as they can be.",
        ["RxBuilder.Or"] = "Calls itself once, without the empty text.",
        ["SelectionFilters.Select"] = "Calls what looks up an attribute.",
        ["SequenceDrafts.Draft"] = "Calls that of the drafter it was given, which calls none.",
        ["SequenceFilters.GroupBy"] = "Calls what looks up an attribute.",
        ["SequenceFilters.Sort"] = "Calls what looks up an attribute.",
        ["ShapeCheck.CheckValue"] = Json,
        ["SpaceJoinStep.*"] = Decoder,
        ["StrictSchema.FaultOf"] = Json,
        ["StripStep.*"] = Decoder,
        ["StructuredRunner.Write"] = Json,
        ["Text.Flatten"] = "Appends texts that are flat, and keeps a stack of its own for the others.",
        ["ThinkingConstraint.*"] = Wrapper,
        ["ThinkingSource.Create"] = Wrapper,
        ["TupleTarget.Assign"] = "Targets are no deeper than TokenReader lets a template be.",
        ["TupleValue.ValueHash"] = "Refuses a key of more values than a limit, so it is no deeper.",
        ["Utf8Ranges.AddRange"] = "Splits a range where its bytes become more, and those once more at each byte.",
    };

    private static readonly Lazy<CallGraph> Product = new(() => new CallGraph(
        new[] { typeof(Program), typeof(GemmaEngine), typeof(ConformanceVerb), typeof(ModelVerifier), typeof(ModelMeasurement) }.SelectMany(type => type.Assembly.GetTypes()).Where(IsWritten)));

    /// <summary>The product's methods on a cycle without a guard, those of a cycle together.</summary>
    private static readonly Lazy<List<List<MethodBase>>> Unguarded = new(() => Product.Value.Cycles(method => HasGuard(Product.Value, method)));

    [Fact]
    public void Every_recursive_method_has_a_depth_that_is_checked()
    {
        string[] found = Unchecked(Allowed.Keys);
        Assert.True(found.Length == 0, "These methods call themselves, directly or through one another, and nothing checks how deep:\n"
            + string.Join('\n', found) + "\nCall a guard in one of them (RecursionTests.Guards), or say in RecursionTests.Allowed what bounds the depth.");
    }

    [Fact]
    public void Every_method_that_is_allowed_is_recursive() =>
        Assert.All(Allowed.Keys, name => Assert.NotEmpty(Unchecked(Allowed.Keys.Where(other => other != name))));

    public static TheoryData<Type> Recursive() => [.. typeof(RecursionSamples.Recursive).GetNestedTypes(BindingFlags.NonPublic)];

    public static TheoryData<Type> Harmless() => [.. typeof(RecursionSamples.Harmless).GetNestedTypes(BindingFlags.NonPublic)];

    [Theory]
    [MemberData(nameof(Recursive))]
    public void Recursion_is_found(Type sample) => Assert.NotEmpty(Cycles(sample));

    [Theory]
    [MemberData(nameof(Harmless))]
    public void What_is_not_recursive_or_has_a_guard_is_not_found(Type sample) => Assert.Empty(Cycles(sample));

    /// <summary>The cycles of the product, one a line, that neither a guard nor one of the allowed methods cuts.</summary>
    private static string[] Unchecked(IEnumerable<string> allowed)
    {
        HashSet<string> names = [.. allowed];
        HashSet<MethodBase> unguarded = [.. Unguarded.Value.SelectMany(cycle => cycle)];
        bool IsAllowed(string name) => names.Contains(name) || names.Contains(name[..name.LastIndexOf('.')] + ".*");
        return [.. Product.Value.Cycles(method => !unguarded.Contains(method) || IsAllowed(CallGraph.NameOf(method)))
            .Select(cycle => string.Join(", ", cycle.Select(CallGraph.NameOf).Distinct().Order()))];
    }

    private static List<List<MethodBase>> Cycles(Type sample)
    {
        var graph = new CallGraph(Family(sample));
        return graph.Cycles(method => HasGuard(graph, method));
    }

    private static bool HasGuard(CallGraph graph, MethodBase method) =>
        graph.CallsOf(method).Any(callee => Guards.Contains(CallGraph.NameOf(callee)));

    private static bool IsWritten(Type type) => type.Namespace?.StartsWith("Gemma4", StringComparison.Ordinal) == true;

    private static Type[] Family(Type type) => [type, .. type.GetNestedTypes(BindingFlags.Public | BindingFlags.NonPublic).SelectMany(Family)];
}
