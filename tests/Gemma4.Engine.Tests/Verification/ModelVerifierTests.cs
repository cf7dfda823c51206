using Gemma4.Engine.Verification;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Verification;

public sealed class ModelVerifierTests(ITestOutputHelper output)
{
    [Fact]
    public void Every_case_of_the_fixtures_holds_in_float32()
    {
        var lines = new StringWriter();
        bool holds = ModelVerifier.Run([RepositoryPaths.Fixtures], lines);
        output.WriteLine(lines.ToString());
        Assert.True(holds, lines.ToString());
    }
}
