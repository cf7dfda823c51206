using System.Text.Json.Nodes;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Tests.Loading;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Configuration;

public sealed class Gemma4ConfigTests
{
    [Fact]
    public void Sharing_layers_read_the_last_owner_of_their_kind()
    {
        TextConfig text = Gemma4Config.Load(Path.Combine(RepositoryPaths.Fixtures, "models", "tiny-e2b")).Text;
        Assert.Equal([0, 1, 2, 3, 4, 3, 3, 3, 3, 4], text.Layers.Select(l => l.KvLayerIndex));
        Assert.Equal([96, 192], text.Layers.Select(l => l.IntermediateSize).Distinct());
        Assert.Equal([null, 16], text.KvGroups.Select(g => g.Window));
        Assert.Equal([2 * 32, 4 * 2 * 16], text.KvGroups.Select(g => g.ElementsPerToken));
    }

    [Fact]
    public void Keys_that_are_values_are_stored_once()
    {
        TextConfig text = Gemma4Config.Load(Path.Combine(RepositoryPaths.Fixtures, "models", "tiny-31b")).Text;
        Assert.Equal([32, 5 * 2 * 2 * 16], text.KvGroups.Select(g => g.ElementsPerToken));
        Assert.Equal(4, text.Layers[5].Rope.NumRotatedPairs);
        Assert.Equal(8, text.Layers[0].Rope.NumRotatedPairs);
    }

    [Fact]
    public void Per_layer_form_means_the_same_as_the_released_form()
    {
        using CheckpointFolder folder = CheckpointFolder.Copy("tiny-31b");
        TextConfig released = Gemma4Config.Load(folder.Directory).Text;
        folder.EditConfig(config =>
        {
            JsonObject text = config["text_config"]!.AsObject();
            text["per_layer_config"] = new JsonObject { ["5"] = new JsonObject { ["head_dim"] = 32, ["num_key_value_heads"] = 1 } };
            text.Remove("global_head_dim");
            text.Remove("num_global_key_value_heads");
        });
        Assert.Equal(released.Layers, Gemma4Config.Load(folder.Directory).Text.Layers);
    }

    [Fact]
    public void End_tokens_come_from_the_generation_config()
    {
        using CheckpointFolder folder = CheckpointFolder.Copy("tiny-31b");
        File.WriteAllText(Path.Combine(folder.Directory, "generation_config.json"), """{"eos_token_id": [7, 8], "suppress_tokens": [5], "top_k": 3}""");
        GenerationDefaults generation = Gemma4Config.Load(folder.Directory).Generation;
        Assert.Equal([7, 8], generation.EndTokenIds);
        Assert.Equal([5], generation.SuppressTokenIds);
        Assert.Equal(3, generation.TopK);
        File.Delete(Path.Combine(folder.Directory, "generation_config.json"));
        Assert.Equal([1, 16, 9], Gemma4Config.Load(folder.Directory).Generation.EndTokenIds);
    }

    [Theory]
    [InlineData("hidden_size", "\"wide\"", "text_config.hidden_size: expected an integer")]
    [InlineData("hidden_size", "0", "text_config.hidden_size: expected an integer from 1 to 65536, found 0")]
    [InlineData("hidden_size", "null", "text_config.hidden_size: missing")]
    [InlineData("layer_types", "[\"full_attention\"]", "text_config.layer_types: expected 6 entries")]
    [InlineData("hidden_activation", "\"relu\"", "text_config.hidden_activation: found \"relu\"")]
    [InlineData("attention_bias", "true", "text_config.attention_bias")]
    [InlineData("hidden_size", "2147483647", "text_config.hidden_size: expected an integer from 1 to 65536, found 2147483647")]
    [InlineData("hidden_size", "1e300", "text_config.hidden_size: expected an integer")]
    [InlineData("vocab_size", "2147483647", "text_config.vocab_size: expected an integer from 1 to 4194304")]
    [InlineData("head_dim", "12", "text_config.head_dim: expected a multiple of 8, found 12")]
    [InlineData("max_position_embeddings", "2147483647", "text_config.max_position_embeddings: expected an integer from 1 to 4194304")]
    [InlineData("sliding_window", "-1", "text_config.sliding_window: expected an integer from 1")]
    [InlineData("rms_norm_eps", "0", "text_config.rms_norm_eps: expected a number, more than 0 and at most 0.1, found 0")]
    [InlineData("rms_norm_eps", "-1e-6", "text_config.rms_norm_eps: expected a number, more than 0")]
    [InlineData("rms_norm_eps", "1e999", "text_config.rms_norm_eps: expected a number, more than 0 and at most 0.1, found 1e999")]
    [InlineData("final_logit_softcapping", "0", "text_config.final_logit_softcapping: expected a number, more than 0")]
    [InlineData("final_logit_softcapping", "-30.0", "text_config.final_logit_softcapping: expected a number, more than 0")]
    [InlineData("pad_token_id", "2048", "text_config.pad_token_id: expected a token of the vocabulary, 0 to 2047, found 2048")]
    [InlineData("hidden_size_per_layer_input", "-1", "text_config.hidden_size_per_layer_input: expected an integer from 0")]
    [InlineData("use_bidirectional_attention", "\"all\"", "text_config.use_bidirectional_attention")]
    [InlineData("num_kv_shared_layers", "6", "text_config.num_kv_shared_layers: expected an integer from 0 to 5, found 6")]
    public void Unusable_key_is_named(string key, string value, string expected)
    {
        using CheckpointFolder folder = CheckpointFolder.Copy("tiny-31b");
        folder.EditConfig(config => config["text_config"]![key] = JsonNode.Parse(value));
        var refused = Assert.Throws<CheckpointException>(() => Gemma4Config.Load(folder.Directory));
        Assert.Contains("config.json", refused.Message, StringComparison.Ordinal);
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"temperature": -1}""", "temperature: expected a number, 0 to 100, found -1")]
    [InlineData("""{"top_p": 5}""", "top_p: expected a number, more than 0 and at most 1, found 5")]
    [InlineData("""{"top_p": 0}""", "top_p: expected a number, more than 0 and at most 1, found 0")]
    [InlineData("""{"top_k": -1}""", "top_k: expected an integer from 0")]
    [InlineData("""{"eos_token_id": 2048}""", "eos_token_id: expected an integer from 0 to 2047, found 2048")]
    [InlineData("""{"eos_token_id": [1, -1]}""", "eos_token_id[1]: expected an integer from 0 to 2047, found -1")]
    [InlineData("""{"suppress_tokens": [99999]}""", "suppress_tokens[0]: expected an integer from 0 to 2047, found 99999")]
    [InlineData("""{"eos_token_id": "\ud800"}""", "not valid JSON")]
    public void Sampling_that_cannot_be_is_named(string generation, string expected)
    {
        using CheckpointFolder folder = CheckpointFolder.Copy("tiny-31b");
        File.WriteAllText(Path.Combine(folder.Directory, "generation_config.json"), generation);
        var refused = Assert.Throws<CheckpointException>(() => Gemma4Config.Load(folder.Directory));
        Assert.Contains("generation_config.json: " + expected, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("vision_config", "rms_norm_eps", "0", "vision_config.rms_norm_eps: expected a number, more than 0")]
    [InlineData("vision_config", "patch_size", "46341", "vision_config.patch_size: expected an integer from 1 to 128")]
    [InlineData("vision_config", "num_hidden_layers", "2147483647", "vision_config.num_hidden_layers: expected an integer from 1 to 1024")]
    [InlineData("audio_config", "attention_logit_cap", "0", "audio_config.attention_logit_cap: expected a number, more than 0")]
    [InlineData("audio_config", "attention_context_left", "1", "audio_config.attention_context_left: expected an integer from 2")]
    [InlineData("audio_config", "attention_context_right", "-5", "audio_config.attention_context_right: expected an integer from 0")]
    [InlineData("audio_config", "gradient_clipping", "1e39", "audio_config.gradient_clipping: expected a number, more than 0")]
    [InlineData("audio_config", "subsampling_conv_channels", "[1, 2, 3]", "audio_config.subsampling_conv_channels: expected an integer or a list of at most 2")]
    public void Unusable_key_of_a_tower_is_named(string tower, string key, string value, string expected)
    {
        using CheckpointFolder folder = CheckpointFolder.Copy("tiny-e2b");
        folder.EditConfig(config => config[tower]![key] = JsonNode.Parse(value));
        var refused = Assert.Throws<CheckpointException>(() => Gemma4Config.Load(folder.Directory));
        Assert.Contains("config.json: " + expected, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("image_token_id", "2048")]
    [InlineData("eoa_token_index", "-1")]
    [InlineData("boi_token_id", "2147483647")]
    public void Token_outside_the_vocabulary_is_named(string key, string value)
    {
        using CheckpointFolder folder = CheckpointFolder.Copy("tiny-e2b");
        folder.EditConfig(config => config[key] = JsonNode.Parse(value));
        var refused = Assert.Throws<CheckpointException>(() => Gemma4Config.Load(folder.Directory));
        Assert.Contains($"config.json: {key}: expected a token of the vocabulary, 0 to 2047, found {value}", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_released_configuration_lies_within_the_limits()
    {
        string folder = Path.GetDirectoryName(RepositoryPaths.RequireShared("fixtures/family"))!;
        foreach (string file in Directory.EnumerateFiles(folder, "config.json", SearchOption.AllDirectories))
        {
            if (File.ReadAllText(file).Contains("Gemma4ForConditionalGeneration", StringComparison.Ordinal))
                Assert.NotNull(Gemma4Config.Load(Path.GetDirectoryName(file)!));
        }
    }

    [Fact]
    public void Folder_without_configuration_is_refused()
    {
        var refused = Assert.Throws<CheckpointException>(() => Gemma4Config.Load(Path.GetTempPath()));
        Assert.Contains("does not exist", refused.Message, StringComparison.Ordinal);
    }
}
