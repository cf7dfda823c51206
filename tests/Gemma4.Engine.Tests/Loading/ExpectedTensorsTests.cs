using System.Collections.Immutable;
using System.Text.Json;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Loading;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Loading;

/// <summary>Released models, built on the meta device from their configurations, want exactly the tensors of the published index.</summary>
public sealed class ExpectedTensorsTests
{
    [Theory]
    [InlineData("gemma-4-31B-it", 1188)]
    [InlineData("gemma-4-26B-A4B-it", 1013)]
    [InlineData("gemma-4-E2B-it", 1951)]
    [InlineData("gemma-4-E4B-it", 2076)]
    public void Released_configuration_wants_the_published_names_and_shapes(string model, int count)
    {
        string published = RepositoryPaths.RequireShared($"reference/tensors/{model}.json");
        Gemma4Config config = Gemma4Config.Load(RepositoryPaths.RequireShared($"reference/configs/{model}"));
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(published));
        SortedDictionary<string, string> expected = new(StringComparer.Ordinal), actual = new(StringComparer.Ordinal);
        foreach (JsonProperty tensor in document.RootElement.GetProperty("used").EnumerateObject())
            expected.Add(tensor.Name, StoredTensor.Show([.. tensor.Value.EnumerateArray().Select(d => d.GetInt64())]));
        foreach ((string name, ImmutableArray<long> shape) in ModelLoader.Expect(config).Shapes)
            actual.Add(name, StoredTensor.Show(shape.AsSpan()));
        Assert.Equal(count, expected.Count);
        Assert.Equal(expected, actual);
    }

    [Fact]
    public void Other_architecture_is_refused_by_name()
    {
        string directory = RepositoryPaths.RequireShared("reference/configs/gemma-4-12B-it");
        var refused = Assert.Throws<CheckpointException>(() => Gemma4Config.Load(directory));
        Assert.Contains("config.json", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Gemma4UnifiedForConditionalGeneration", refused.Message, StringComparison.Ordinal);
    }
}
