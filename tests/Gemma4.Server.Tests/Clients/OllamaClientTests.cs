using Gemma4.Testing;
using OllamaSharp;
using OllamaSharp.Models;
using OllamaSharp.Models.Chat;
using Xunit;

namespace Gemma4.Server.Tests.Clients;

/// <summary>OllamaSharp against this server.</summary>
public sealed class OllamaClientTests
{
    private static readonly Tool Weather = new()
    {
        Function = new Function
        {
            Name = "weather",
            Description = "Tells the weather",
            Parameters = new Parameters { Properties = new() { ["city"] = new Property { Type = "string" } }, Required = ["city"] },
        },
    };

    [Fact]
    public async Task It_chats_in_a_stream_and_reads_a_thought()
    {
        await using var server = new ServerUnderTest(Script.Saying("<|channel>thought\nHm.<channel|>One two three."));
        OllamaApiClient client = Client(await server.ReadyClientAsync());
        string text = "", thought = "";
        ChatDoneResponseStream? done = null;
        var request = new ChatRequest { Model = ServerUnderTest.Model, Messages = [new Message(ChatRole.User, "Hi")], Think = true };
        await foreach (ChatResponseStream? piece in client.ChatAsync(request, TestContext.Current.CancellationToken))
        {
            text += piece!.Message.Content;
            thought += piece.Message.Thinking;
            done = piece as ChatDoneResponseStream ?? done;
        }
        Assert.Equal(("One two three.", "Hm."), (text, thought));
        Assert.True(done!.EvalCount > 0 && done.PromptEvalCount > 0 && done.TotalDuration > 0);
        Assert.Equal("stop", done.DoneReason);
    }

    [Fact]
    public async Task It_reads_a_call_and_sends_its_result()
    {
        FakeEngine engine = new((request, _) => Script.Play(
            request, ServerUnderTest.Tokenizer.Decode(request.PromptTokenIds.AsSpan()).Contains("response:weather", StringComparison.Ordinal)
                ? "It is cold." : "<|tool_call>call:weather{city:<|\"|>Oslo<|\"|>}<tool_call|>"));
        await using var server = new ServerUnderTest(engine);
        OllamaApiClient client = Client(await server.ReadyClientAsync());
        var messages = new List<Message> { new(ChatRole.User, "Weather in Oslo?") };
        Message asked = await LastAsync(client, messages, stream: true);
        Message.ToolCall call = Assert.Single(asked.ToolCalls!);
        Assert.Equal(("weather", "Oslo"), (call.Function!.Name, call.Function.Arguments!["city"]!.ToString()));
        messages.Add(new Message { Role = ChatRole.Assistant, ToolCalls = asked.ToolCalls });
        messages.Add(new Message { Role = ChatRole.Tool, ToolName = "weather", Content = "cold" });
        Assert.Equal("It is cold.", (await LastAsync(client, messages, stream: false)).Content);
    }

    [Fact]
    public async Task It_generates_and_finds_the_models()
    {
        await using var server = new ServerUnderTest(Script.Saying("Paris."));
        OllamaApiClient client = Client(await server.ReadyClientAsync());
        string text = "";
        await foreach (GenerateResponseStream? piece in client.GenerateAsync(
            new GenerateRequest { Model = ServerUnderTest.Model, Prompt = "Capital?", Options = new RequestOptions { Temperature = 0, NumCtx = 4096 } }, TestContext.Current.CancellationToken))
            text += piece!.Response;
        Assert.Equal("Paris.", text);
        Assert.Equal(ServerUnderTest.Model, Assert.Single(await client.ListLocalModelsAsync(TestContext.Current.CancellationToken)).Name);
        Assert.Single(await client.ListRunningModelsAsync(TestContext.Current.CancellationToken));
        Assert.Contains("tools", (await client.ShowModelAsync(ServerUnderTest.Model, TestContext.Current.CancellationToken)).Capabilities!);
        Assert.NotEmpty(await client.GetVersionAsync(TestContext.Current.CancellationToken));
        Assert.True(await client.IsRunningAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task It_is_told_what_is_wrong()
    {
        await using var server = new ServerUnderTest(Script.Saying("x"));
        OllamaApiClient client = Client(await server.ReadyClientAsync());
        Exception refused = await Assert.ThrowsAnyAsync<Exception>(() => client.EmbedAsync(new EmbedRequest { Model = ServerUnderTest.Model, Input = ["x"] }, TestContext.Current.CancellationToken));
        Assert.Contains("does not make embeddings", refused.Message, StringComparison.Ordinal);
    }

    private static async Task<Message> LastAsync(OllamaApiClient client, List<Message> messages, bool stream)
    {
        var request = new ChatRequest { Model = ServerUnderTest.Model, Messages = messages, Stream = stream, Tools = [Weather] };
        var pieces = new List<ChatResponseStream?>();
        await foreach (ChatResponseStream? piece in client.ChatAsync(request, TestContext.Current.CancellationToken))
            pieces.Add(piece);
        return new Message
        {
            Role = ChatRole.Assistant,
            Content = string.Concat(pieces.Select(p => p!.Message.Content)),
            ToolCalls = [.. pieces.SelectMany(p => p!.Message.ToolCalls ?? [])],
        };
    }

    private static OllamaApiClient Client(HttpClient http) => new(http, ServerUnderTest.Model);
}
