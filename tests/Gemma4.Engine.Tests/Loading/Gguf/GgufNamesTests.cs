using System.Text.Json;
using Gemma4.Engine.Loading.Gguf;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Loading.Gguf;

public sealed class GgufNamesTests
{
    [Theory]
    [InlineData("gemma-4-31B-it", 1188)]
    [InlineData("gemma-4-26B-A4B-it", 1013)]
    [InlineData("gemma-4-E2B-it", 1951)]
    [InlineData("gemma-4-E4B-it", 2076)]
    public void Every_tensor_of_a_released_model_has_the_name_of_the_published_map(string model, int atLeast)
    {
        using JsonDocument map = JsonDocument.Parse(File.ReadAllBytes(RepositoryPaths.RequireShared($"reference/tensors/{model}.gguf-map.json")));
        int count = 0;
        foreach (JsonProperty entry in map.RootElement.EnumerateObject())
        {
            Assert.Equal(entry.Value.GetString(), GgufNames.Find(entry.Name));
            count++;
        }
        Assert.True(count >= atLeast, $"the map has {count} names");
    }

    [Theory]
    [InlineData("model.language_model.layers.3.self_attn.qq_proj.weight")]
    [InlineData("model.language_model.layers.3")]
    [InlineData("model.vision_tower.encoder.layers.0.mlp.down_project.linear.weight")]
    [InlineData("model.audio_tower.layers.0.weight")]
    [InlineData("something")]
    [InlineData("")]
    public void Other_names_have_none(string name) => Assert.Null(GgufNames.Find(name));
}
