using Gemma4.Engine.Verification;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Verification;

/// <summary>Models in fewer bits compute what the reference computes from the numbers that their files hold.</summary>
public sealed class QuantizedModelTests
{
    [Theory]
    [InlineData("gguf/tiny-31b-Q4_0")]
    [InlineData("gguf/tiny-e2b-Q4_0")]
    public void Model_of_the_repository_holds_every_case(string name) => Holds(Path.Combine(RepositoryPaths.Fixtures, "quantized"), name);

    [Theory]
    [InlineData("gguf/tiny-31b-BF16")]
    [InlineData("gguf/tiny-31b-Q8_0")]
    [InlineData("gguf/tiny-26b-a4b-BF16")]
    [InlineData("gguf/tiny-26b-a4b-Q8_0")]
    [InlineData("gguf/tiny-26b-a4b-Q4_0")]
    [InlineData("gguf/tiny-e2b-BF16")]
    [InlineData("gguf/tiny-e2b-Q8_0")]
    [InlineData("gguf/tiny-k-Q8_0")]
    [InlineData("gguf/tiny-k-Q4_0")]
    [InlineData("gguf/tiny-k-Q4_K_M")]
    [InlineData("gguf/tiny-k-mixed")]
    [InlineData("compressed-tensors/tiny-31b-w4a16")]
    [InlineData("compressed-tensors/tiny-e2b-w4a16")]
    [InlineData("qat/tiny-31b-qat")]
    [InlineData("qat/tiny-31b-qat-rounded")]
    public void Model_of_the_shared_material_holds_every_case(string name) => Holds(RepositoryPaths.RequireShared("fixtures/quantized"), name);

    private static void Holds(string root, string name)
    {
        CaseResult[] results = [.. ModelVerifier.VerifyModel(root, name, ModelVerifier.Exact)];
        Assert.Equal(3, results.Length);
        Assert.All(results, result => Assert.True(result.Holds, result.ToString()));
    }
}
