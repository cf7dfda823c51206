using System.Text.Json.Nodes;
using Xunit;

namespace Gemma4.Engine.Tests.EndToEnd;

/// <summary>The demo model asked its questions, through template, tokenizer, scheduler, cache and model at once.</summary>
public sealed class DemoModelTextTests(DemoModel model) : IClassFixture<DemoModel>
{
    [Fact]
    public async Task It_knows_the_capital_of_France()
    {
        int[] tokens = await model.AnswerAsync([new JsonObject { ["role"] = "user", ["content"] = "What is the capital of France?" }], null, thinking: false);
        Assert.Equal("The capital of France is Paris.", model.Tokenizer.Decode(tokens));
    }

    [Fact]
    public async Task Every_conversation_gets_the_tokens_of_the_reference_alone_and_all_at_once()
    {
        (JsonNode Case, JsonNode Reference)[] cases = [.. DemoModel.Cases("text")];
        int[][] together = await Task.WhenAll(cases.Select(c => AnswerAsync(c.Case)));
        for (int i = 0; i < cases.Length; i++)
        {
            int[] expected = [.. cases[i].Reference["tokens"]!.AsArray().Select(t => (int)t!)];
            Assert.Equal(expected, together[i]);
            Assert.Equal(expected, await AnswerAsync(cases[i].Case));
        }
    }

    private Task<int[]> AnswerAsync(JsonNode c) =>
        model.AnswerAsync(c["messages"]!.AsArray(), c["tools"]?.AsArray(), (bool)c["thinking"]!);
}
