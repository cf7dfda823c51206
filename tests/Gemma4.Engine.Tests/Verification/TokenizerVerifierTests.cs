using Gemma4.Verification;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Verification;

public sealed class TokenizerVerifierTests
{
    private static readonly string Cases = Path.Combine(RepositoryPaths.Fixtures, "golden", "tokenizer.json");
    private static readonly string Demo = Path.Combine(RepositoryPaths.DemoModel, "tokenizer.json");

    [Fact]
    public void Prints_a_line_for_each_case_and_holds()
    {
        Assert.True(Run(out string[] lines, Cases, $"demo={Demo}"));
        Assert.Equal(239, lines.Count(l => l.StartsWith("ok   demo ", StringComparison.Ordinal)));
        Assert.Contains(lines, l => l.StartsWith("demo: 239 of 239 cases hold", StringComparison.Ordinal));
    }

    [Fact]
    public void Gemma_3_holds_as_well()
    {
        string? path = Environment.GetEnvironmentVariable("GEMMA3_TOKENIZER_JSON");
        Assert.SkipUnless(File.Exists(path), "needs GEMMA3_TOKENIZER_JSON to name Gemma 3's tokenizer.json, which is not part of the repository");
        Assert.True(Run(out _, Cases, $"gemma3={path}"));
    }

    [Fact]
    public void Cases_in_an_array_are_read_too() => Assert.True(Run(
        out _, RepositoryPaths.RequireShared("reference/golden/tokenizer.json"),
        $"ids={RepositoryPaths.RequireShared("reference/tokenizer/tokenizer.json.gz")}"));

    [Theory]
    [InlineData("""{"cases":[{"text":"a","demo":[1]}]}""", "FAIL demo case 0 \"a\": token 0 is")]
    [InlineData("""{"cases":[{"text":"","demo":[]},{"text":"","demo":[9]}]}""", "FAIL demo case 1 \"\": token 0 is absent, expected 9")]
    [InlineData("""{"cases":[{"text":"","demo":[],"demo_decoded":"x"}]}""", "FAIL demo case 0 \"\": decoded \"\", expected \"x\"")]
    [InlineData("""{"cases":[],"long":[{"name":"n","text":"","demo":{"count":1,"sha256":""}}]}""", "FAIL demo long n \"\": 0 tokens, expected 1")]
    [InlineData("""{"cases":[],"long":[{"name":"n","text":"","sha256":"0","demo":{"count":0}}]}""", "the text does not have the hash")]
    [InlineData("""{"cases":[],"long":[{"name":"n","text":null,"demo":{"count":0}}]}""", "the file does not hold the text")]
    [InlineData("""{"cases":[{"text":"a","other":[1]}]}""", "has no case with the field 'demo'")]
    [InlineData("""{"cases":[{"text":"a","demo":["x"]}]}""", "a field is of another type")]
    [InlineData("{", "not valid JSON")]
    public void Differences_are_told_and_fail(string cases, string expected)
    {
        string path = Path.Combine(Path.GetTempPath(), $"cases-{Guid.NewGuid():N}.json");
        File.WriteAllText(path, cases);
        try
        {
            Assert.False(Run(out string[] lines, path, $"demo={Demo}"));
            Assert.Contains(lines, l => l.Contains(expected, StringComparison.Ordinal));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void One_failing_tokenizer_among_several_fails_all()
    {
        Assert.False(Run(out string[] lines, Cases, $"demo={Demo}", $"gemma3={Demo}"));
        Assert.Contains(lines, l => l.StartsWith("FAIL gemma3 ", StringComparison.Ordinal));
    }

    [Fact]
    public void Missing_files_and_arguments_are_told()
    {
        Assert.False(Run(out string[] usage, Cases));
        Assert.Contains("usage", Assert.Single(usage));
        Assert.False(Run(out string[] missing, Cases, "demo=no-such-file.json"));
        Assert.Contains("no-such-file.json", Assert.Single(missing));
    }

    private static bool Run(out string[] lines, params string[] args)
    {
        var output = new StringWriter();
        bool holds = TokenizerVerifier.Run(args, output);
        lines = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return holds;
    }
}
