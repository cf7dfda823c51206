using System.Text.Json.Nodes;
using Xunit;

namespace Gemma4.Engine.Tests.EndToEnd;

/// <summary>The demo model shown images it was not trained on and spoken to by voices it never heard: it must give the reference's
/// tokens, right or wrong.</summary>
public sealed class DemoModelMediaTests(DemoModel model) : IClassFixture<DemoModel>
{
    [Fact]
    public async Task Every_image_gets_the_tokens_of_the_reference_at_its_budget()
    {
        (JsonNode Case, JsonNode Reference)[] cases = [.. DemoModel.Cases("image")];
        int[][] answers = await Task.WhenAll(cases.Select(c => model.AskAboutImageAsync(
            Convert.FromBase64String((string)c.Case["png"]!), (int)c.Case["budget"]!, (string)c.Case["question"]!)));
        AssertEqual(cases, answers);
    }

    [Fact]
    public async Task Every_voice_gets_the_tokens_of_the_reference()
    {
        (JsonNode Case, JsonNode Reference)[] cases = [.. DemoModel.Cases("audio")];
        int[][] answers = await Task.WhenAll(cases.Select(c => model.AskAboutAudioAsync(
            Convert.FromBase64String((string)c.Case["wav"]!), (string)c.Case["question"]!)));
        AssertEqual(cases, answers);
    }

    private void AssertEqual((JsonNode Case, JsonNode Reference)[] cases, int[][] answers)
    {
        string[] wrong = [.. cases.Zip(answers)
            .Select(p => (Question: (string)p.First.Case["question"]!, Expected: (string)p.First.Reference["raw"]!, Actual: model.Tokenizer.Decode(p.Second)))
            .Where(p => p.Expected != p.Actual)
            .Select(p => $"{p.Question}: expected '{p.Expected}', got '{p.Actual}'")];
        Assert.True(wrong.Length == 0, string.Join('\n', wrong));
    }
}
