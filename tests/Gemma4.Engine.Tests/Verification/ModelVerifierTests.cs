using Gemma4.Verification;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Verification;

public sealed class ModelVerifierTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("cpu", "float32")]
    [InlineData("cpu", "bfloat16")]
    [InlineData("torch", "float32")]
    public void Every_case_of_the_fixtures_holds(string backend, string dtype)
    {
        var lines = new StringWriter();
        bool holds = ModelVerifier.Run([RepositoryPaths.Fixtures, "--backend", backend, "--dtype", dtype], lines);
        output.WriteLine(lines.ToString());
        Assert.True(holds, lines.ToString());
    }
}
