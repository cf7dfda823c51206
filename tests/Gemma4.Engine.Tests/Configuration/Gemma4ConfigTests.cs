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
    [InlineData("hidden_size", "0", "text_config.hidden_size: expected at least 1")]
    [InlineData("hidden_size", "null", "text_config.hidden_size: missing")]
    [InlineData("layer_types", "[\"full_attention\"]", "text_config.layer_types: expected 6 entries")]
    [InlineData("hidden_activation", "\"relu\"", "text_config.hidden_activation: found \"relu\"")]
    [InlineData("attention_bias", "true", "text_config.attention_bias")]
    [InlineData("use_bidirectional_attention", "\"all\"", "text_config.use_bidirectional_attention")]
    [InlineData("num_kv_shared_layers", "6", "text_config.num_kv_shared_layers: expected 0 to 5")]
    public void Unusable_key_is_named(string key, string value, string expected)
    {
        using CheckpointFolder folder = CheckpointFolder.Copy("tiny-31b");
        folder.EditConfig(config => config["text_config"]![key] = JsonNode.Parse(value));
        var refused = Assert.Throws<CheckpointException>(() => Gemma4Config.Load(folder.Directory));
        Assert.Contains("config.json", refused.Message, StringComparison.Ordinal);
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Folder_without_configuration_is_refused()
    {
        var refused = Assert.Throws<CheckpointException>(() => Gemma4Config.Load(Path.GetTempPath()));
        Assert.Contains("does not exist", refused.Message, StringComparison.Ordinal);
    }
}
