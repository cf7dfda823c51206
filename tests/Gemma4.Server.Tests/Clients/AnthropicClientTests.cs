using Anthropic;
using Anthropic.Models.Messages;
using Xunit;

namespace Gemma4.Server.Tests.Clients;

/// <summary>The official Anthropic client for .NET against this server.</summary>
public sealed class AnthropicClientTests
{
    [Fact]
    public async Task It_reads_a_message_with_a_thought_and_a_call()
    {
        await using var server = new ServerUnderTest(Script.Saying("<|channel>thought\nHm.<channel|>Hello.<|tool_call>call:f{a:1}<tool_call|>"));
        AnthropicClient client = Client(await server.ReadyClientAsync());
        MessageCreateParams request = Ask("Hi") with { Tools = [new Tool { Name = "f", InputSchema = new InputSchema() }] };
        Message message = await client.Messages.Create(request, TestContext.Current.CancellationToken);
        Assert.Equal(3, message.Content.Count);
        Assert.True(message.Content[0].TryPickThinking(out ThinkingBlock? thought));
        Assert.True(message.Content[1].TryPickText(out TextBlock? text));
        Assert.True(message.Content[2].TryPickToolUse(out ToolUseBlock? call));
        Assert.Equal(("Hm.", "Hello.", "f", 1), (thought!.Thinking, text!.Text, call!.Name, call.Input["a"].GetInt32()));
        Assert.Equal(StopReason.ToolUse, message.StopReason!.Value());
        Assert.True(message.Usage.OutputTokens > 0);
    }

    [Fact]
    public async Task It_reads_a_stream()
    {
        await using var server = new ServerUnderTest(Script.Saying("One two three."));
        AnthropicClient client = Client(await server.ReadyClientAsync());
        string text = "";
        await foreach (RawMessageStreamEvent streamEvent in client.Messages.CreateStreaming(Ask("Hi"), TestContext.Current.CancellationToken))
        {
            if (streamEvent.TryPickContentBlockDelta(out RawContentBlockDeltaEvent? delta) && delta!.Delta.TryPickText(out TextDelta? piece))
                text += piece!.Text;
        }
        Assert.Equal("One two three.", text);
    }

    private static MessageCreateParams Ask(string text) => new()
    {
        Model = ServerUnderTest.Model,
        MaxTokens = 64,
        Messages = [new UserMessageParam(text)],
    };

    private static AnthropicClient Client(HttpClient http) =>
        new() { HttpClient = http, BaseUrl = http.BaseAddress!.ToString().TrimEnd('/'), ApiKey = "unused", MaxRetries = 0 };
}
