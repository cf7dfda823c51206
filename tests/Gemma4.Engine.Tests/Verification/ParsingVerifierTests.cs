using Gemma4.Verification;
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
        Assert.Contains("ok   ours", told);
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
        Assert.Contains("FAIL ours", told);
    }

    [Theory]
    [InlineData("cases.jsonl --tokeniser x", "--tokeniser")]
    [InlineData("", "one file")]
    [InlineData("no-such-file.jsonl", "no-such-file.jsonl")]
    public void Wrong_arguments_are_told_with_the_usage(string args, string fault)
    {
        var told = new StringWriter();
        Assert.False(ParsingVerifier.Run(args.Split(' ', StringSplitOptions.RemoveEmptyEntries), told));
        Assert.Contains(fault, told.ToString());
        Assert.Contains(ParsingVerifier.Usage, told.ToString());
    }

    [Fact]
    public void Conversation_is_rendered_with_the_newest_template_of_its_family()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        File.WriteAllText(Path.Combine(folder, "official-v1-small.jinja"), "old");
        File.WriteAllText(Path.Combine(folder, "official-v2-small.jinja"), "{{ bos_token }}{{ messages[0].content }}{{ enable_thinking }}");
        string file = Path.Combine(folder, "render.jsonl");
        const string line = """{"name":"r","messages":[{"role":"user","content":"Hi"}],"tools":null,"thinking":true,"model_family":"small","expect_prompt":"<bos>HiTrue"}""";
        File.WriteAllLines(file, [line, line.Replace("HiTrue", "HiFalse")]);
        var told = new StringWriter();
        Assert.False(ParsingVerifier.Run([file, "--templates", folder], told));
        Assert.StartsWith("ok   r", told.ToString());
        Assert.Contains("FAIL r", told.ToString());
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Every_reference_conversation_becomes_its_prompt()
    {
        var told = new StringWriter();
        Assert.True(ParsingVerifier.Run([RepositoryPaths.RequireShared("reference/parsing/render.jsonl")], told), told.ToString());
    }

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
