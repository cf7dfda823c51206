using Gemma4.Testing;
using Microsoft.Extensions.AI;
using Xunit;

namespace Gemma4.Server.Tests.Clients;

/// <summary>Microsoft.Extensions.AI over the OpenAI package: functions invoked by the client, thoughts apart.</summary>
public sealed class ExtensionsAITests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Functions_are_invoked_until_the_model_answers(bool streams)
    {
        int turn = 0;
        const string calls = "<|tool_call>call:get_weather{city:<|\"|>Paris<|\"|>}<tool_call|><|tool_call>call:get_weather{city:<|\"|>Rome<|\"|>}<tool_call|>";
        var engine = new FakeEngine((request, _) => Script.Play(request, turn++ == 0 ? calls : "Both are sunny."));
        await using var server = new ServerUnderTest(engine);
        IChatClient client = new ChatClientBuilder((await OpenAIClientTests.ClientAsync(server)).GetChatClient(ServerUnderTest.Model).AsIChatClient())
            .UseFunctionInvocation().Build();
        var cities = new List<string>();
        var options = new ChatOptions
        {
            Tools = [AIFunctionFactory.Create((string city) => { cities.Add(city); return $"sunny in {city}"; }, "get_weather")],
        };
        string text = streams
            ? (await client.GetStreamingResponseAsync("Weather in Paris and Rome?", options, TestContext.Current.CancellationToken).ToChatResponseAsync(TestContext.Current.CancellationToken)).Text
            : (await client.GetResponseAsync("Weather in Paris and Rome?", options, TestContext.Current.CancellationToken)).Text;
        Assert.EndsWith("Both are sunny.", text, StringComparison.Ordinal);
        Assert.Equal(["Paris", "Rome"], cities.Order());
        string prompt = ServerUnderTest.Tokenizer.Decode(engine.Requests.Last().PromptTokenIds.AsSpan());
        Assert.Contains("sunny in Paris", prompt, StringComparison.Ordinal);
        Assert.Contains("sunny in Rome", prompt, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Thoughts_are_found_where_the_client_looks_for_them()
    {
        await using var server = new ServerUnderTest(Script.Saying("<|channel>thought\nHm.<channel|>12"));
        IChatClient client = (await OpenAIClientTests.ClientAsync(server)).GetChatClient(ServerUnderTest.Model).AsIChatClient();
        ChatResponse response = await client.GetResponseAsync("7 + 5?", cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal("12", response.Text);
        Assert.Contains("Hm.", string.Concat(response.Messages.SelectMany(m => m.Contents).OfType<TextReasoningContent>().Select(c => c.Text)), StringComparison.Ordinal);
    }
}
