using System.Text;
using System.Text.Json;
using Gemma4.Engine.Requests;
using Gemma4.Engine.StructuredOutput;
using Gemma4.Engine.StructuredOutput.Automata;
using Gemma4.Engine.Tokenization;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.StructuredOutput;

/// <summary>Constraints made to cost much: each is compiled, or refused, and followed for some tokens, at a price that is bounded.</summary>
[Collection("alone")]
public sealed class ConstraintCostTests
{
    private const int NumTokens = 40;

    /// <summary>The limits are 2 s and 0.5 s; the rest is what it takes to notice and to unwind a deep stack, on a slow machine.</summary>
    private static readonly TimeSpan MaxCompile = TimeSpan.FromSeconds(4), MaxMask = TimeSpan.FromSeconds(1.5);

    private static readonly Lazy<Tokenizer> Demo = new(() => Tokenizer.Load(Path.Combine(RepositoryPaths.Root, "demo-model", "tokenizer.json")));

    private static readonly Dictionary<string, Func<ConstraintSpec>> Hostile = new()
    {
        ["pattern of 20,000 plain characters"] = () => new ConstraintSpec.Regex(Times("a", 20_000)),
        ["schema pattern of 9,000 plain characters"] = () => Pattern(Times("a", 9000)),
        ["longest pattern of plain characters"] = () => Pattern(Times("abcdefgh", 1024)),
        ["optional characters, 50,000"] = () => new ConstraintSpec.Regex(Times("x?", 50_000)),
        ["optional characters, as many as fit"] = () => new ConstraintSpec.Regex(Times("x?", 4096)),
        ["optional groups"] = () => new ConstraintSpec.Regex(Times("(xy?)?", 1300)),
        ["optional classes that overlap, 4,500"] = () => new ConstraintSpec.Regex(Times("[a-z]?.?", 4500)),
        ["optional classes that overlap, as many as fit"] = () => new ConstraintSpec.Regex(Times("[a-z]?.?", 1000)),
        ["grammar of 50,000 optional parts"] = () => new ConstraintSpec.Grammar("root ::= " + Times("\"a\"? ", 50_000)),
        ["grammar of optional parts, as many as fit"] = () => new ConstraintSpec.Grammar("root ::= " + Times("\"a\"? ", 13_000)),
        ["grammar of optional parts that overlap"] = () => new ConstraintSpec.Grammar("root ::= " + Times("[a-z]? .? ", 6000)),
        ["host name of a public collection"] = () => Pattern(@"^(?!.*://)(?=.{1,255}$)((.{1,63}\.){1,127}(?![0-9]*$)[a-z0-9-]+\.?)$"),
        ["60 booleans in a ring of dependentRequired"] = () => Schema($$"""
            {"type":"object","properties":{{Members(60, i => ($"p{i}", """{"type":"boolean"}"""))}},
             "dependentRequired":{{Members(60, i => ($"p{i}", $"[\"p{(i + 1) % 60}\"]"))}} }
            """),
        ["a ring of dependentRequired that is counted"] = () => Schema($$"""
            {"type":"object","minProperties":20,"maxProperties":60,"properties":{{Members(60, i => ($"p{i}", """{"type":"boolean"}"""))}},
             "dependentRequired":{{Members(60, i => ($"p{i}", $"[\"p{(i + 7) % 60}\"]"))}} }
            """),
        ["four multipleOf of a million"] = () => Schema(
            """{"type":"integer","allOf":[{"multipleOf":999983},{"multipleOf":999979},{"multipleOf":999961},{"multipleOf":999959}]}"""),
        ["not over twenty patterns"] = () => Schema($$"""
            {"type":"string","not":{"anyOf":{{Items(20, i => PatternOf($"{(char)('a' + i)}.{{{i + 3}}}{(char)('b' + i)}"))}} } }
            """),
        ["nested oneOf of patterns"] = () => Schema(Enumerable.Range(0, 12).Aggregate(
            PatternOf("a.{10}b"),
            (inner, i) => $$"""{"oneOf":[{{inner}},{{PatternOf($"{(char)('c' + i)}.{{{i + 5}}}x")}},{{PatternOf($"{(char)('d' + i)}.{{7}}y")}}]}""")),
        ["nested counts in a pattern"] = () => new ConstraintSpec.Regex("((((a{0,100}b?){0,100}c?){0,100}d?){0,100}e?){0,100}"),
        ["nested counts in a grammar"] = () => new ConstraintSpec.Grammar(
            """root ::= (((("a"{0,100} "b"?){0,100} "c"?){0,100} "d"?){0,100} "e"?){0,100}"""),
        ["nested counts of a rule that recurs"] = () => new ConstraintSpec.Grammar("root ::= (x{0,300}){0,300}\nx ::= \"a\" x | \"b\""),
        ["nested counts of a rule that recurs, a billion"] = () => new ConstraintSpec.Grammar("root ::= ((x{1000}){1000}){1000}\nx ::= \"a\" x | \"b\""),
        ["3,000 rules of an optional letter and the next"] = () => new ConstraintSpec.Grammar(
            $"root ::= r0\n{string.Concat(Enumerable.Range(0, 2999).Select(i => $"r{i} ::= \"a\"? r{i + 1}\n"))}r2999 ::= \"b\""),
        ["2,000 rules of optional letters that overlap"] = () => new ConstraintSpec.Grammar(
            $"root ::= r0\n{string.Concat(Enumerable.Range(0, 1999).Select(i => $"r{i} ::= [a-{(char)('b' + i % 20)}]? r{i + 1}\n"))}r1999 ::= \"b\""),
        ["rules in one great circle"] = () => new ConstraintSpec.Grammar(
            $"root ::= r0\n{string.Concat(Enumerable.Range(0, 1500).Select(i => $"r{i} ::= \"a\"? r{i + 1} | \"z\" root\n"))}r1500 ::= \"b\""),
        ["alternatives within alternatives"] = () => new ConstraintSpec.Regex(Times("(a|", 190) + "b" + Times(")", 190)),
        ["groups nested too deeply"] = () => new ConstraintSpec.Regex(Times("(", 4000) + "a" + Times(")", 4000)),
        ["repetitions of repetitions"] = () => new ConstraintSpec.Regex("a" + Times("{1,2}", 190)),
        ["repetitions of repetitions, too deep"] = () => new ConstraintSpec.Regex("a" + Times("*", 8000)),
        ["grammar groups nested too deeply"] = () => new ConstraintSpec.Grammar("root ::= " + Times("(", 20_000) + "\"a\"" + Times(")", 20_000)),
        ["grammar repetitions of repetitions"] = () => new ConstraintSpec.Grammar("root ::= \"a\"" + Times("?", 50_000)),
        ["Lark repetitions of repetitions"] = () => new ConstraintSpec.Grammar("start: \"a\"" + Times("?", 50_000)),
        ["sixteen denied look-aheads"] = () => new ConstraintSpec.Regex(
            string.Concat(Enumerable.Range(0, 16).Select(i => $"(?!.*{(char)('a' + i)}.{{{i + 1}}}q)")) + ".*"),
        ["look-aheads in optional groups"] = () => new ConstraintSpec.Regex(Times("((?=.*a.{5})b?)?", 200) + ".*"),
        ["anchors in optional groups"] = () => new ConstraintSpec.Regex(Times("(^a?|b?)?", 800)),
        ["a letter some letters before the end"] = () => new ConstraintSpec.Regex("(.*a.{20}|.*b.{21}|.*c.{22})x"),
        ["classes of half of Unicode"] = () => new ConstraintSpec.Regex(Times(@"[\p{L}\p{N}]{0,50}[^\p{L}]?", 60)),
        ["enum of 9,999 texts"] = () => Schema($$"""{"enum":{{Items(9999, i => $"\"v{i * 7919 % 10_000}\"")}} }"""),
        ["enum of 100,000 numbers"] = () => Schema($$"""{"enum":{{Items(30_000, i => $"{i}")}} }"""),
        ["enum within enum"] = () => Schema($$"""{"enum":{{Items(9000, i => $"{i}")}},"allOf":[{"enum":{{Items(9000, i => $"{i + 4000}")}} }]}"""),
        ["9,000 choices"] = () => new ConstraintSpec.Choice([.. Enumerable.Range(0, 9000).Select(i => $"word{i}")]),
        ["one long constant"] = () => Schema($$"""{"const":{{Items(100_000, _ => "1")}} }"""),
        ["8,000 properties"] = () => Schema($$"""
            {"type":"object","properties":{{Members(8000, i => ($"p{i}", """{"type":"integer"}"""))}} }
            """),
        ["15,000 required names"] = () => Schema($$"""{"type":"object","required":{{Items(15_000, i => $"\"p{i}\"")}} }"""),
        ["a hundred million items, one of them whole"] = () => Schema("""{"type":"array","contains":{"type":"integer"},"minItems":100000000}"""),
        ["more unique items than values"] = () => Schema(
            $$"""{"type":"array","uniqueItems":true,"minItems":41,"items":{"enum":{{Items(40, i => $"{i}")}} } }"""),
        ["alternatives that multiply"] = () => Schema($$"""
            {"allOf":{{Items(14, i => $$"""{"anyOf":[{"required":["a{{i}}"]},{"required":["b{{i}}"]}]}""")}} }
            """),
        ["a chain of 3,000 references"] = () => Schema($$"""
            {"$ref":"#/$defs/d0","$defs":{{Members(3001, i => ($"d{i}", i < 3000 ? $$"""{"$ref":"#/$defs/d{{i + 1}}"}""" : "true"))}} }
            """),
        ["a chain of 2,000 alternatives"] = () => Schema($$"""
            {"$ref":"#/$defs/d0","$defs":{{Members(2001, i => (
                $"d{i}", i < 2000 ? $$"""{"anyOf":[{"$ref":"#/$defs/d{{i + 1}}"},{"type":"null"}]}""" : "true"))}} }
            """),
        ["names of twelve patterns that overlap"] = () => Schema($$"""
            {"type":"object","patternProperties":{{Members(12, i => ($"{(char)('a' + i)}.{{{i}}}z", """{"type":"integer"}"""))}} }
            """),
        ["two milliards of characters of a pattern"] = () => Schema("""{"type":"string","minLength":2000000000,"pattern":"^[a-z ]*$"}"""),
        ["words counted within a length"] = () => Schema("""{"type":"string","maxLength":100000,"pattern":"^(\\S+\\s+){0,500}\\S+$"}"""),
        ["a tool that is not strict"] = () => new ConstraintSpec.ToolCalls(
            [new("f", JsonElement.Parse($$"""{"type":"object","properties":{"a":{{PatternOf(Times("[a-z]?.?", 1000))}} } }"""))],
            ToolCallMode.Required, true),
    };

    public static TheoryData<string> Names => [.. Hostile.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Whatever_it_is_its_price_is_bounded(string name)
    {
        ConstraintSpec spec = Hostile[name]();
        ConstraintLimits limits = new();
        ConstraintCompiler compiler = new(Demo.Value, new() { Limits = limits });
        TimeSpan compile = TimeSpan.Zero, mask = TimeSpan.Zero;
        long? megabytes = PeakMemory.Of(() => OnThread(() => (compile, mask) = Follow(compiler, spec)));
        Assert.True(compile < MaxCompile, $"compiling took {compile.TotalSeconds:F1} s");
        Assert.True(mask < MaxMask, $"a mask took {mask.TotalSeconds:F1} s");
        // What is counted is what is kept; the collector needs room for as much again and more.
        Assert.True((megabytes ?? 0) < 6 * limits.MaxMegabytes, $"it took {megabytes} MB");
    }

    [Fact]
    public void A_refusal_is_remembered_and_costs_nothing_again()
    {
        // A limit of steps and not of time, so that it is refused on a fast machine too.
        ConstraintCompiler compiler = new(TestVocabulary.Create(), new() { Limits = new() { CompileSteps = 1_000_000 } });
        ConstraintSpec spec = Hostile["optional classes that overlap, as many as fit"]();
        ConstraintTooComplexException first = Assert.Throws<ConstraintTooComplexException>(() => compiler.Compiled(spec));
        TimeSpan started = ProcessorTime.OfThread();
        ConstraintTooComplexException second = Assert.Throws<ConstraintTooComplexException>(() => compiler.Compiled(spec));
        Assert.Equal(first.Message, second.Message);
        Assert.True(ProcessorTime.OfThread() - started < TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public void Compiling_ends_when_nobody_waits_any_more()
    {
        using CancellationTokenSource left = new();
        left.CancelAfter(50);
        ConstraintCompiler compiler = new(Demo.Value, new() { Limits = new() { CompileSeconds = 60, CompileSteps = long.MaxValue, MaxMegabytes = 2048 } });
        Assert.Throws<OperationCanceledException>(
            () => compiler.Compile(Hostile["optional classes that overlap, as many as fit"](), left.Token));
    }

    [Fact]
    public void Constraints_in_use_leave_room_or_new_ones_are_refused_as_busy()
    {
        ConstraintCompiler compiler = new(TestVocabulary.Create(), new() { Limits = new() { MaxTotalMegabytes = 1 } }, TestVocabulary.Special);
        List<ITokenConstraintSource> held = [];
        RequestRejectedException refusal = Assert.Throws<RequestRejectedException>(() =>
        {
            for (int i = 0; i < 1000; i++)
                held.Add(compiler.Compiled(new ConstraintSpec.Choice([.. Enumerable.Range(0, 500).Select(j => $"{i} {j}")])));
        });
        Assert.Equal(RejectionReason.QueueFull, refusal.Reason);
        GC.KeepAlive(held);
    }

    [Fact]
    public void What_is_forgotten_between_masks_is_found_again()
    {
        // So little memory that next to every token is followed by forgetting all; the answers must be the same.
        ConstraintLimits little = new() { MaxMegabytes = 4 };
        ConstraintSpec spec = Schema(
            """{"type":"array","items":{"type":"object","properties":{"name":{"type":"string","pattern":"^[a-z]{1,40}( [a-z]{1,40}){0,5}$"},"n":{"type":"integer"}}}}""");
        ITokenConstraintSource tight = new ConstraintCompiler(Demo.Value, new() { Limits = little }).Compiled(spec);
        ITokenConstraintSource roomy = new ConstraintCompiler(Demo.Value).Compiled(spec);
        uint[] mask = new uint[(Demo.Value.VocabularySize + 31) / 32], expected = new uint[mask.Length];
        for (int seed = 0; seed < 5; seed++)
        {
            ITokenConstraint a = tight.Create(), b = roomy.Create();
            Random random = new(seed);
            for (int i = 0; i < 200; i++)
            {
                a.TryFillMask(mask);
                b.TryFillMask(expected);
                Assert.Equal(expected, mask);
                int token = Pick(mask, random);
                bool goesOn = a.Accept(token);
                Assert.Equal(b.Accept(token), goesOn);
                if (!goesOn)
                    break;
            }
        }
    }

    /// <summary>Compiles and takes random allowed tokens; ends where it is refused.</summary>
    private static (TimeSpan Compile, TimeSpan Mask) Follow(ConstraintCompiler compiler, ConstraintSpec spec)
    {
        TimeSpan started = ProcessorTime.OfThread(), longest = TimeSpan.Zero;
        ITokenConstraintSource source;
        try
        {
            source = compiler.Compiled(spec);
        }
        catch (ConstraintException)
        {
            return (ProcessorTime.OfThread() - started, longest);
        }
        TimeSpan compile = ProcessorTime.OfThread() - started;
        uint[] mask = new uint[(Demo.Value.VocabularySize + 31) / 32];
        for (int seed = 0; seed < 2; seed++)
        {
            ITokenConstraint constraint = source.Create();
            Random random = new(seed);
            for (int i = 0; i < NumTokens; i++)
            {
                started = ProcessorTime.OfThread();
                try
                {
                    constraint.TryFillMask(mask);
                    Assert.True(mask.ContainsAnyExcept(0u), "no token is allowed");
                    if (!constraint.Accept(Pick(mask, random)))
                        break;
                }
                catch (ConstraintException)
                {
                    break;
                }
                finally
                {
                    longest = TimeSpan.FromTicks(Math.Max(longest.Ticks, (ProcessorTime.OfThread() - started).Ticks));
                }
            }
        }
        return (compile, longest);
    }

    private static int Pick(uint[] mask, Random random)
    {
        int[] allowed = [.. Enumerable.Range(0, mask.Length * 32).Where(id => (mask[id >> 5] >> (id & 31) & 1) != 0)];
        return allowed[random.Next(allowed.Length)];
    }

    /// <summary>With the stack that the server's threads have.</summary>
    private static void OnThread(Action action)
    {
        Exception? failure = null;
        Thread thread = new(() => failure = Record.Exception(action), 16 << 20);
        thread.Start();
        thread.Join();
        if (failure is not null)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
    }

    private static ConstraintSpec.JsonSchema Schema(string json) => new(JsonElement.Parse(json));

    private static ConstraintSpec.JsonSchema Pattern(string pattern) => Schema(JsonSerializer.Serialize(new { type = "string", pattern }));

    private static string Times(string text, int count) => new StringBuilder(text.Length * count).Insert(0, text, count).ToString();

    private static string PatternOf(string pattern) => JsonSerializer.Serialize(new { pattern });

    private static string Items(int count, Func<int, string> write) => $"[{string.Join(',', Enumerable.Range(0, count).Select(write))}]";

    private static string Members(int count, Func<int, (string Name, string Value)> write) =>
        $$"""{{{string.Join(',', Enumerable.Range(0, count).Select(write).Select(m => $"\"{m.Name}\":{m.Value}"))}}}""";
}
