using Gemma4.Engine.Tests.Loading;
using Gemma4.Verification;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Verification;

/// <summary>The golden tests can fail: two percent on a single weight, norm or scale is caught in every case that goes through it.</summary>
public sealed class PerturbedTwinTests
{
    [Theory]
    [InlineData("tiny-31b", "model.language_model.layers.5.self_attn.k_norm.weight")]
    [InlineData("tiny-31b", "model.language_model.layers.0.layer_scalar")]
    [InlineData("tiny-26b-a4b", "model.language_model.layers.5.router.per_expert_scale")]
    [InlineData("tiny-26b-a4b", "model.language_model.layers.3.experts.down_proj")]
    [InlineData("tiny-e2b", "model.language_model.embed_tokens_per_layer.weight")]
    [InlineData("tiny-e2b", "model.language_model.layers.4.self_attn.v_proj.weight")]
    [InlineData("tiny-e4b", "model.language_model.layers.11.mlp.down_proj.weight")]
    [InlineData("tiny-e4b", "model.language_model.layers.7.per_layer_projection.weight")]
    public void Text_case_fails_when_one_weight_is_perturbed(string model, string tensor) => AssertFails(model, tensor, "short");

    [Theory]
    [InlineData("tiny-31b", "model.vision_tower.std_scale", "image70")]
    [InlineData("tiny-26b-a4b", "model.vision_tower.encoder.layers.1.self_attn.q_norm.weight", "image70")]
    [InlineData("tiny-e2b", "model.vision_tower.encoder.layers.0.mlp.up_proj.output_max", "image70")]
    [InlineData("tiny-e4b", "model.embed_vision.embedding_projection.weight", "image70")]
    [InlineData("tiny-e2b", "model.audio_tower.layers.1.self_attn.per_dim_scale", "chirp")]
    [InlineData("tiny-e4b", "model.audio_tower.subsample_conv_projection.layer1.conv.weight", "chirp")]
    [InlineData("tiny-31b", "model.language_model.layers.5.self_attn.k_norm.weight", "film")]
    [InlineData("tiny-26b-a4b", "model.vision_tower.encoder.layers.1.self_attn.q_norm.weight", "film")]
    [InlineData("tiny-e2b", "model.embed_vision.embedding_projection.weight", "film")]
    [InlineData("tiny-e4b", "model.vision_tower.patch_embedder.input_proj.weight", "film")]
    public void Media_case_fails_when_one_weight_is_perturbed(string model, string tensor, string name) => AssertFails(model, tensor, name);

    private static void AssertFails(string model, string tensor, string name)
    {
        using CheckpointFolder folder = CheckpointFolder.Copy(model);
        Assert.True(Run(RepositoryPaths.Fixtures, model, name).Holds);
        folder.Scale(tensor, 1.02f);
        CaseResult result = Run(folder.Root, model, name);
        Assert.False(result.Holds, result.ToString());
    }

    private static CaseResult Run(string root, string model, string name) =>
        Assert.Single(ModelVerifier.VerifyModel(root, model, ModelVerifier.Exact, only: name));
}
