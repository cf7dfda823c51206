using System.Text.Json;
using Gemma4.Engine.Backends;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Loading;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Configuration;

public sealed class ReleasedModelsTests
{
    [Theory]
    [InlineData("31B", 1188, 62_546_177_752)]
    [InlineData("26B-A4B", 1013, 51_611_872_412)]
    [InlineData("E2B", 1951, 10_208_596_934)]
    [InlineData("e4b", 2076, 15_882_203_604)]
    [InlineData("12B", 666, 23_814_700_640)]        // the text model's
    public void Tensors_have_the_published_number_and_bytes(string size, int count, long bytes)
    {
        ExpectedModel expected = ModelLoader.Expect(ReleasedModels.TryFind(size)!);
        Assert.Equal(count, expected.Shapes.Count);
        Assert.Equal(bytes, 2 * expected.Shapes.Values.Sum(shape => StoredWeight.Count(shape.AsSpan())));
    }

    [Theory]
    [InlineData("31B")]
    [InlineData("26B-A4B")]
    [InlineData("E2B")]
    [InlineData("E4B")]
    public void Shapes_are_those_of_the_published_configuration(string size)
    {
        Gemma4Config published = Gemma4Config.Load(RepositoryPaths.RequireShared($"reference/configs/gemma-4-{size}-it")), ours = ReleasedModels.TryFind(size)!;
        Assert.Equal(Json(published.Text), Json(ours.Text));
        Assert.Equal(Json(published.Vision), Json(ours.Vision));
        Assert.Equal(Json(published.Audio), Json(ours.Audio));
        Assert.Equal(Json(published.Processor), Json(ours.Processor));
    }

    [Fact]
    public void Other_names_are_none() => Assert.Null(ReleasedModels.TryFind("27B"));

    private static string Json<T>(T value) => JsonSerializer.Serialize(value);
}
