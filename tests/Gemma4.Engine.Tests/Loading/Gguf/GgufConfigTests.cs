using System.Text.Json;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Loading.Gguf;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Loading.Gguf;

/// <summary>Metadata say what the model's folder says.</summary>
public sealed class GgufConfigTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gemma4-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("tiny-31b-BF16", "tiny-31b", "mmproj-tiny-31b-BF16")]
    [InlineData("tiny-31b-Q4_0", "tiny-31b", "mmproj-tiny-31b-BF16")]
    [InlineData("tiny-26b-a4b-Q4_0", "tiny-26b-a4b", null)]
    [InlineData("tiny-26b-a4b-Q8_0", "tiny-26b-a4b", null)]
    [InlineData("tiny-e2b-BF16", "tiny-e2b", "mmproj-tiny-e2b-F16")]
    [InlineData("tiny-e2b-Q4_0", "tiny-e2b", "mmproj-tiny-e2b-BF16")]
    [InlineData("tiny-e2b-Q8_0", "tiny-e2b", null)]
    public void Configuration_equals_that_of_the_folder(string file, string model, string? mmproj)
    {
        Gemma4Config expected = Gemma4Config.Load(Path.Combine(RepositoryPaths.Fixtures, "models", model));
        if (mmproj is null)
            expected = expected with { Vision = null, Audio = null };
        Assert.Equal(Show(expected), Show(GgufConfig.Read(Open(file), mmproj is null ? null : Open(mmproj))));
    }

    [Theory]
    [InlineData("tiny-k-Q4_K_M")]
    [InlineData("tiny-k-mixed")]
    public void Model_that_exists_only_here_has_the_configuration_beside_it(string file)
    {
        File.Copy(RepositoryPaths.RequireShared("fixtures/quantized/gguf/tiny-k.config.json"), Path.Combine(_folder, "config.json"));
        Gemma4Config expected = Gemma4Config.Load(_folder);
        Gemma4Config actual = GgufConfig.Read(Open(file), null);
        Assert.Equal(Show(expected), Show(actual with { Generation = actual.Generation with { Temperature = null, TopK = null, TopP = null } }));
    }

    [Fact]
    public void Text_of_the_twelve_billion_is_an_ordinary_model_that_suppresses_tokens()
    {
        Gemma4Config config = GgufConfig.Read(OpenFamily("tiny-12b-BF16"), null);
        Assert.Equal([21, 18], config.Generation.SuppressTokenIds);
        Assert.True(config.Text.Layers[^1].KeysAreValues);
        Assert.Equal(1, config.Text.Layers[^1].NumKvHeads);
    }

    [Fact]
    public void Other_architectures_are_refused_with_what_they_are()
    {
        Refused(() => GgufConfig.Read(Open("mmproj-tiny-e2b-F16"), null), "general.type", "--mmproj");
        Refused(() => GgufConfig.Read(OpenFamily("tiny-e2b-assistant-BF16"), null), "general.architecture", "gemma4-assistant", "drafter");
        Refused(() => GgufConfig.Read(OpenFamily("tiny-31b-queries-values.lora"), null), "general.type", "adapter");
        Refused(() => GgufConfig.Read(Open("tiny-e2b-Q4_0"), Open("tiny-31b-Q4_0")), "tiny-31b-Q4_0.gguf", "general.architecture", "gemma4");
        Refused(() => GgufConfig.Read(Write(new GgufBuilder().Key("general.architecture", "llama")), null), "\"llama\"", "\"gemma4\"");
        Refused(() => GgufConfig.Read(Write(new GgufBuilder()), null), "general.architecture", "missing");
    }

    [Fact]
    public void Towers_without_encoders_are_refused_by_their_projector() =>
        Refused(() => GgufConfig.Read(Open("tiny-31b-Q4_0"), OpenFamily("mmproj-tiny-12b-BF16")), "clip.vision.projector_type", "gemma4uv");

    [Fact]
    public void Towers_of_another_model_are_refused()
    {
        GgufFile other = Write(new GgufBuilder().Key("general.architecture", "clip").Key("clip.vision.projection_dim", 96u));
        Refused(() => GgufConfig.Read(Open("tiny-31b-Q4_0"), other), "clip.vision.projection_dim", "96", "64", "another model");
    }

    private GgufFile Write(GgufBuilder builder)
    {
        string path = Path.Combine(_folder, "made.gguf");
        File.WriteAllBytes(path, builder.Build());
        return GgufFile.Read(path);
    }

    private static GgufFile Open(string name) => GgufFile.Read(GgufFixtures.Find(name));

    private static GgufFile OpenFamily(string name) => GgufFile.Read(RepositoryPaths.RequireShared($"fixtures/family/gguf/{name}.gguf"));

    private static string Show(Gemma4Config config) => JsonSerializer.Serialize(config, new JsonSerializerOptions { WriteIndented = true });

    private static void Refused(Func<Gemma4Config> read, params string[] words)
    {
        var refusal = Assert.Throws<CheckpointException>(read);
        Assert.All(words, word => Assert.Contains(word, refusal.Message, StringComparison.Ordinal));
    }
}
