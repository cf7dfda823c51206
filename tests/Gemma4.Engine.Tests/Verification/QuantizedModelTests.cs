using Gemma4.Engine.Loading.Gguf;
using Gemma4.Engine.Models;
using Gemma4.Engine.Tests.Loading.Gguf;
using Gemma4.Verification;
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

    [Theory]
    [InlineData("tiny-e2b-BF16", "mmproj-tiny-e2b-BF16", "tiny-e2b")]
    [InlineData("tiny-31b-BF16", "mmproj-tiny-31b-BF16", "tiny-31b")]
    public void Towers_of_a_gguf_file_see_and_hear_as_those_of_the_folder(string file, string mmproj, string model)
    {
        using Gemma4Model loaded = Checkpoint.Open(GgufFixtures.Find(file), GgufFixtures.Find(mmproj)).LoadModel(ModelVerifier.Exact);
        var verifier = new CaseVerifier(loaded, AccuracyBars.For(float32: true));
        CaseResult[] results = [.. GoldenCase.ReadAll(RepositoryPaths.Fixtures, model, loaded.Config).Select(verifier.Verify)];
        Assert.True(results.Length > 4);
        Assert.All(results, result => Assert.True(result.Holds, result.ToString()));
    }

    [Fact]
    public void Text_of_the_encoder_free_model_holds_every_case()
    {
        using Gemma4Model loaded = Checkpoint.Open(RepositoryPaths.RequireShared("fixtures/family/gguf/tiny-12b-BF16.gguf")).LoadModel(ModelVerifier.Exact);
        var verifier = new CaseVerifier(loaded, AccuracyBars.For(float32: true));
        CaseResult[] results = [.. GoldenCase.ReadAll(RepositoryPaths.RequireShared("fixtures"), "tiny-12b", loaded.Config).Where(c => c.Name is "short" or "chat" or "window").Select(verifier.Verify)];
        Assert.Equal(3, results.Length);
        Assert.All(results, result => Assert.True(result.Holds, result.ToString()));
    }

    [Fact]
    public void Case_fails_when_one_scale_of_the_file_is_changed()
    {
        string root = Directory.CreateTempSubdirectory("gemma4-test-").FullName;
        try
        {
            GgufFile valid = GgufFile.Read(GgufFixtures.Find("tiny-e2b-Q4_0"));
            byte[] file = File.ReadAllBytes(valid.Path);
            long scale = valid.Find("blk.2.layer_output_scale.weight")!.Offset;
            BitConverter.TryWriteBytes(file.AsSpan((int)scale), 1.02f * BitConverter.ToSingle(file, (int)scale));
            Directory.CreateDirectory(Path.Combine(root, "gguf"));
            File.WriteAllBytes(Path.Combine(root, "gguf", "tiny-e2b-Q4_0.gguf"), file);
            Directory.CreateSymbolicLink(Path.Combine(root, "golden"), Path.Combine(RepositoryPaths.Fixtures, "quantized", "golden"));
            CaseResult result = Assert.Single(ModelVerifier.VerifyModel(root, "gguf/tiny-e2b-Q4_0", ModelVerifier.Exact, only: "short"));
            Assert.False(result.Holds, result.ToString());
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static void Holds(string root, string name)
    {
        CaseResult[] results = [.. ModelVerifier.VerifyModel(root, name, ModelVerifier.Exact)];
        Assert.Equal(3, results.Length);
        Assert.All(results, result => Assert.True(result.Holds, result.ToString()));
    }
}
