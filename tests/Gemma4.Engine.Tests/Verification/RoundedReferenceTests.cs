using Gemma4.Engine.Configuration;
using Gemma4.Verification;
using Gemma4.Engine.Tests.Loading;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Verification;

/// <summary>What rounds to bfloat16 is held to how far the reference's own bfloat16 is from its float32.</summary>
public sealed class RoundedReferenceTests(ITestOutputHelper output)
{
    private static bool HoldsBackAmx => Environment.GetEnvironmentVariable("ATEN_CPU_CAPABILITY") is "default" or "avx2"
        && File.Exists("/proc/cpuinfo") && File.ReadLines("/proc/cpuinfo").Any(line => line.Contains("amx_bf16", StringComparison.Ordinal));

    [Theory]
    [InlineData("cpu")]
    [InlineData("torch")]
    public void Every_case_of_calm_models_is_as_close_in_bfloat16_as_the_reference(string backend)
    {
        Assert.SkipWhen(backend == "torch" && HoldsBackAmx, "libtorch's bfloat16 attention takes AMX where the processor has it and then refuses (pack_vnni2) where ATEN_CPU_CAPABILITY holds it below AVX-512.");
        var lines = new StringWriter();
        bool holds = ModelVerifier.Run([RepositoryPaths.RequireShared("fixtures/mild"), "--backend", backend, "--dtype", "bfloat16"], lines);
        output.WriteLine(lines.ToString());
        Assert.True(holds, lines.ToString());
    }

    [Theory]
    [InlineData("cpu", "tiny-31b", "model.language_model.layers.0.layer_scalar")]
    [InlineData("torch", "tiny-31b", "model.language_model.layers.0.layer_scalar")]
    [InlineData("torch", "tiny-26b-a4b", "model.language_model.layers.2.layer_scalar")]
    [InlineData("torch", "tiny-e2b", "model.language_model.embed_tokens_per_layer.weight")]
    public void Case_fails_when_one_weight_is_wrong(string backend, string model, string tensor)
    {
        ComputeOptions compute = ModelVerifier.Exact with { Backend = backend, Dtype = "bfloat16" };
        string mild = RepositoryPaths.RequireShared("fixtures/mild");
        using CheckpointFolder folder = CheckpointFolder.Copy(model, mild);
        CaseResult right = Assert.Single(ModelVerifier.VerifyModel(mild, model, compute, only: "chat"));
        Assert.True(right.Holds, right.ToString());
        folder.Scale(tensor, 1.5f);
        CaseResult wrong = Assert.Single(ModelVerifier.VerifyModel(folder.Root, model, compute, only: "chat"));
        Assert.False(wrong.Holds, wrong.ToString());
    }

    [Theory]
    [InlineData(0.169f, true)]
    [InlineData(0.171f, false)]
    [InlineData(float.NaN, false)]
    public void Logits_may_be_half_again_as_far_and_a_little(float distance, bool holds)
    {
        var reference = new RoundedReference(LogitsRms: 0.1f, GreedySame: 20);
        Assert.Equal(holds, reference.CheckLogits("logits", [distance, 5 - distance], [0, 5]).Holds);
        Assert.False(reference.CheckLogits("logits", [0], [0, 5]).Holds);
    }

    [Theory]
    [InlineData(2, true)]
    [InlineData(3, false)]
    public void Two_greedy_tokens_more_may_differ(int differences, bool holds)
    {
        var reference = new RoundedReference(LogitsRms: 0.1f, GreedySame: 5);
        int[] expected = [1, 2, 3, 4, 5], found = [.. expected.Select((t, i) => i < differences ? t + 100 : t)];
        Assert.Equal(holds, reference.CheckGreedy("greedy", found, expected).Holds);
    }
}
