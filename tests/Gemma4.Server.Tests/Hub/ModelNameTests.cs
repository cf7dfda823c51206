using Gemma4.Server.Hub;
using Xunit;

namespace Gemma4.Server.Tests.Hub;

public sealed class ModelNameTests
{
    [Theory]
    [InlineData("google/gemma-4-E2B-it", "google/gemma-4-E2B-it", null, "main")]
    [InlineData("unsloth/gemma-4-26B-A4B-it-GGUF:Q4_K_M", "unsloth/gemma-4-26B-A4B-it-GGUF", "Q4_K_M", "main")]
    [InlineData("a/b:UD-Q4_K_XL@v1.0", "a/b", "UD-Q4_K_XL", "v1.0")]
    [InlineData("a/b@refs/pr/3", "a/b", null, "refs/pr/3")]
    [InlineData("a_1/b.c-d", "a_1/b.c-d", null, "main")]
    public void A_name_is_read(string text, string repository, string? quantization, string revision)
    {
        Assert.Equal(new ModelName(repository, quantization, revision), ModelName.TryParse(text));
        Assert.Equal(text, ModelName.TryParse(text)!.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("demo-model")]
    [InlineData("/models/gemma")]
    [InlineData("./models/gemma")]
    [InlineData("../gemma")]
    [InlineData("a/b/c")]
    [InlineData("a/b.gguf")]
    [InlineData("models/gemma-Q4_0.GGUF")]
    [InlineData("a/b:")]
    [InlineData("a/b@")]
    [InlineData("a/b@../../x")]
    [InlineData("a/b@/x")]
    [InlineData("a/b@x//y")]
    [InlineData("a/b@x\ny")]
    [InlineData("a/b\n")]
    [InlineData("a/..")]
    [InlineData("a/b--c")]
    [InlineData("a/b.git")]
    [InlineData("-a/b")]
    [InlineData("a/b c")]
    [InlineData("ä/b")]
    [InlineData("https://huggingface.co/a/b")]
    [InlineData("a\\b/c")]
    public void What_is_no_name_is_left_to_be_a_path(string text) => Assert.Null(ModelName.TryParse(text));

    [Fact]
    public void A_name_may_not_be_longer_than_the_hub_lets_it()
    {
        Assert.NotNull(ModelName.TryParse($"a/{new string('b', 96)}"));
        Assert.Null(ModelName.TryParse($"a/{new string('b', 97)}"));
        Assert.Null(ModelName.TryParse($"a/b@{new string('c', 256)}"));
    }

    [Fact]
    public void A_revision_of_its_own_wins()
    {
        Assert.Equal("v2", ModelName.TryParse("a/b", "v2")!.Revision);
        Assert.Equal("v1", ModelName.TryParse("a/b@v1", "v2")!.Revision);
        Assert.Null(ModelName.TryParse("a/b", "../v2"));
        Assert.True(ModelName.TryParse("a/b", new string('0', 40))!.IsCommit);
    }
}
