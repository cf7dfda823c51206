using System.Text.Json;
using Gemma4.Engine.Tokenization;
using Gemma4.Verification;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Parsing;

/// <summary>Answers from the test suites and bug reports of other servers, and what they must become.</summary>
public sealed class OutputParserCasesTests
{
    private static readonly Tokenizer Tokenizer = ParserHarness.Tokenizer;

    [Fact]
    public void Every_case_holds_whole_by_characters_and_at_every_split()
    {
        var runner = new ParsingCaseRunner(Tokenizer);
        string[] failures = [.. Cases().Select(c => (c.Name, Difference: runner.Run(c))).Where(r => r.Difference is not null)
            .Select(r => $"{r.Name}: {r.Difference}")];
        Assert.True(failures.Length == 0, string.Join('\n', failures));
    }

    [Fact]
    public void Every_case_holds_at_random_cuts()
    {
        var runner = new ParsingCaseRunner(Tokenizer);
        var random = new Random(20261124);
        foreach (ParsingCase parsingCase in Cases())
        {
            for (int i = 0; i < 20; i++)
            {
                bool[] cuts = [.. Enumerable.Range(0, parsingCase.TextLength + 1).Select(_ => random.NextDouble() < 0.2)];
                Assert.Null(runner.RunCut(parsingCase, position => cuts[position]));
            }
        }
    }

    private static ParsingCase[] Cases() =>
    [
        .. File.ReadLines(RepositoryPaths.RequireShared("reference/parsing/cases.jsonl")).Select(l => new ParsingCase(JsonElement.Parse(l))),
    ];
}
