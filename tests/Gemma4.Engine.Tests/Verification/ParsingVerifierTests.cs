using Gemma4.Engine.Verification;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Verification;

public sealed class ParsingVerifierTests
{
    private const string Case = """
        {"name":"ours","tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"n":{"type":"integer"}}}}}],"thinking":false,"prompt_tail":null,"output":"Ok <|turn> <|tool_call>call:f{n:1}<tool_call|>","plain_spans":[[3,10]],"expect":{"reasoning":null,"content":"Ok <|turn> ","tool_calls":[{"name":"f","arguments":{"n":1.0}}],"finish":"tool_calls"}}
        """;

    [Fact]
    public void Case_that_holds_is_told_so()
    {
        (bool holds, string told) = Verify(Case);
        Assert.True(holds, told);
        Assert.Contains("ok    ours", told);
    }

    [Theory]
    [InlineData("\"n\":1.0", "\"n\":2")]
    [InlineData("\"content\":\"Ok", "\"content\":\"No")]
    [InlineData("\"reasoning\":null", "\"reasoning\":\"Hm\"")]
    [InlineData("\"finish\":\"tool_calls\"", "\"finish\":\"stop\"")]
    [InlineData("\"plain_spans\":[[3,10]],", "")]
    public void Case_with_another_expectation_fails(string what, string by)
    {
        (bool holds, string told) = Verify(Case.Replace(what, by));
        Assert.False(holds);
        Assert.Contains("FAIL  ours", told);
    }

    [Fact]
    public void Unknown_option_is_refused() =>
        Assert.Throws<ArgumentException>(() => ParsingVerifier.Run(["cases.jsonl", "--tokeniser", "x"], TextWriter.Null));

    private static (bool Holds, string Told) Verify(string line)
    {
        string file = Path.GetTempFileName();
        File.WriteAllText(file, line);
        var told = new StringWriter();
        bool holds = ParsingVerifier.Run([file, "--tokenizer", Path.Combine(RepositoryPaths.DemoModel, "tokenizer.json")], told);
        File.Delete(file);
        return (holds, told.ToString());
    }
}
