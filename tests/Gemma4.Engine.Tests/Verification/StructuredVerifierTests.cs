using Gemma4.Verification;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Verification;

public sealed class StructuredVerifierTests
{
    [Fact]
    public void Sample_of_schemas_from_the_field_keeps_the_bar_with_the_real_vocabulary()
    {
        string sample = RepositoryPaths.RequireShared("reference/structured/maskbench-sample.jsonl.gz");
        string tokenizer = RepositoryPaths.RequireShared("reference/tokenizer/tokenizer.json.gz");
        // Every fifth schema: the same mix in a fifth of the time.
        string file = Path.Combine(Path.GetTempPath(), $"maskbench-{Guid.NewGuid():N}.jsonl");
        try
        {
            File.WriteAllLines(file, StructuredVerifier.Lines(sample).Where((_, i) => i % 5 == 0));
            using StringWriter output = new();
            StructuredRunner runner = StructuredVerifier.RunAll([file, "--tokenizer", tokenizer], output);
            Assert.Equal(200, runner.NumSchemas);
            Assert.Equal(0, runner.NumInvalidation);
            // One schema of the thousand says draft 4 and uses if, which draft 4 does not have; it is enforced all the same.
            Assert.InRange(runner.NumValidation, 0, 1);
            Assert.InRange(runner.NumPassing, runner.NumSchemas * 85 / 100, runner.NumSchemas);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Wrong_masks_are_counted_by_their_kind()
    {
        string file = Path.Combine(Path.GetTempPath(), $"structured-{Guid.NewGuid():N}.jsonl");
        try
        {
            File.WriteAllLines(file,
            [
                """{"name":"right","schema":{"type":"integer"},"tests":[{"valid":true,"data":1},{"valid":false,"data":"a"}]}""",
                """{"name":"claims too little","schema":{"type":"integer"},"tests":[{"valid":false,"data":1}]}""",
                """{"name":"claims too much","schema":{"type":"integer"},"tests":[{"valid":true,"data":"a"}]}""",
                """{"name":"unsupported","schema":{"$ref":"https://example.org/x"},"tests":[]}""",
            ]);
            using StringWriter output = new();
            string tokenizer = Path.Combine(RepositoryPaths.DemoModel, "tokenizer.json");
            StructuredRunner runner = StructuredVerifier.RunAll([file, "--tokenizer", tokenizer], output);
            Assert.Equal((4, 1, 1, 1, 1), (runner.NumSchemas, runner.NumPassing, runner.NumRefused, runner.NumValidation, runner.NumInvalidation));
            Assert.False(StructuredVerifier.Run([file, "--tokenizer", tokenizer], output));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Wrong_arguments_are_refused_with_the_usage()
    {
        Assert.Contains(StructuredVerifier.Usage, Assert.Throws<ArgumentException>(() => StructuredVerifier.Run([], TextWriter.Null)).Message, StringComparison.Ordinal);
        Assert.Contains("--order", Assert.Throws<ArgumentException>(
            () => StructuredVerifier.Run(["x", "--order", "upside-down"], TextWriter.Null)).Message, StringComparison.Ordinal);
    }
}
