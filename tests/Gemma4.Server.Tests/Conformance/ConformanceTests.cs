using Gemma4.Conformance;
using Gemma4.Server.Hosting;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Conformance;

/// <summary>The contract's cases against the real server with the demo model.</summary>
public sealed class ConformanceTests
{
    [Fact]
    public async Task All_cases_pass_but_those_on_the_skip_list()
    {
        string cases = RepositoryPaths.RequireShared("reference/openai/conformance-cases.jsonl");
        string skips = Path.Combine(RepositoryPaths.Root, "tests", "conformance-skips.txt");
        using var output = new StringWriter();
        int exitCode = await ConformanceVerb.RunAsync(
            [cases, "--skip", skips, "--", "--model", RepositoryPaths.DemoModel], CheckedServer.StartAsync, output, TestContext.Current.CancellationToken);
        Assert.True(exitCode == 0, string.Join('\n', output.ToString().Split('\n').Where(l => !l.StartsWith("ok ", StringComparison.Ordinal))));
    }
}
