using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text;
using Gemma4.Engine.Requests;
using Gemma4.Testing;
using OpenAI;
using OpenAI.Audio;
using OpenAI.Chat;
using OpenAI.Models;
using Xunit;

namespace Gemma4.Server.Tests.Clients;

/// <summary>The official OpenAI package for .NET against this server.</summary>
public sealed class OpenAIClientTests
{
    private static readonly ChatTool Weather = ChatTool.CreateFunctionTool(
        "get_weather", "Weather of a city", BinaryData.FromString("""{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}"""));

    private const string Call = "<|tool_call>call:get_weather{city:<|\"|>Paris<|\"|>}<tool_call|>";

    [Fact]
    public async Task A_chat_is_answered()
    {
        await using var server = new ServerUnderTest(Script.Saying("Hello there."));
        ChatClient client = (await ClientAsync(server)).GetChatClient(ServerUnderTest.Model);
        ChatCompletion answer = await client.CompleteChatAsync([new SystemChatMessage("Be brief."), new UserChatMessage("Hi")], cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal("Hello there.", answer.Content[0].Text);
        Assert.Equal(ChatFinishReason.Stop, answer.FinishReason);
        Assert.Equal(ChatMessageRole.Assistant, answer.Role);
        Assert.True(answer.Usage.TotalTokenCount > answer.Usage.OutputTokenCount);
    }

    [Fact]
    public async Task A_chat_is_streamed_with_counts()
    {
        await using var server = new ServerUnderTest(Script.Saying("Hello there."));
        ChatClient client = (await ClientAsync(server)).GetChatClient(ServerUnderTest.Model);
        var text = new StringBuilder();
        ChatFinishReason? reason = null;
        ChatTokenUsage? usage = null;
        await foreach (StreamingChatCompletionUpdate update in client.CompleteChatStreamingAsync([new UserChatMessage("Hi")], cancellationToken: TestContext.Current.CancellationToken))
        {
            foreach (ChatMessageContentPart part in update.ContentUpdate)
                text.Append(part.Text);
            reason ??= update.FinishReason;
            usage ??= update.Usage;
        }
        Assert.Equal(("Hello there.", ChatFinishReason.Stop), (text.ToString(), reason));
        Assert.True(usage?.OutputTokenCount > 1);
    }

    [Fact]
    public async Task An_image_and_an_audio_clip_reach_the_engine()
    {
        FakeEngine engine = Script.Saying("An image and an audio clip.");
        await using var server = new ServerUnderTest(engine);
        ChatClient client = (await ClientAsync(server)).GetChatClient(ServerUnderTest.Model);
#pragma warning disable OPENAI001 // the package calls audio experimental
        var message = new UserChatMessage(
            ChatMessageContentPart.CreateImagePart(Media("thumb.png"), "image/png", ChatImageDetailLevel.Low),
            ChatMessageContentPart.CreateInputAudioPart(Media("tick.wav"), ChatInputAudioFormat.Wav),
            ChatMessageContentPart.CreateTextPart("What are these?"));
#pragma warning restore OPENAI001
        ChatCompletion answer = await client.CompleteChatAsync([message], cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal("An image and an audio clip.", answer.Content[0].Text);
        Assert.Collection(
            Assert.Single(engine.Requests).Media,
            image => Assert.InRange(Assert.IsType<MediaItem.Image>(image).NumSoftTokens, 1, 70),
            audio => Assert.True(Assert.IsType<MediaItem.Audio>(audio).NumSoftTokens > 0));
    }

    [Fact]
    public async Task An_audio_clip_is_written_down()
    {
        await using var server = new ServerUnderTest(Script.Saying("six one seven"));
        AudioClient client = (await ClientAsync(server)).GetAudioClient(ServerUnderTest.Model);
        using Stream audio = Media("chirp.wav").ToStream();
        AudioTranscription answer = await client.TranscribeAudioAsync(
            audio, "chirp.wav", new AudioTranscriptionOptions { ResponseFormat = AudioTranscriptionFormat.Verbose, Language = "en" }, TestContext.Current.CancellationToken);
        Assert.Equal(("six one seven", "en", TimeSpan.FromSeconds(1.3)), (answer.Text, answer.Language, answer.Duration));
        TranscribedSegment segment = Assert.Single(answer.Segments);
        Assert.Equal(("six one seven", TimeSpan.Zero, TimeSpan.FromSeconds(1.3)), (segment.Text, segment.StartTime, segment.EndTime));
    }

    private static BinaryData Media(string file) =>
        BinaryData.FromBytes(TestMedia.Read(file));

    [Fact]
    public async Task A_tool_is_called_and_its_result_read()
    {
        int turn = 0;
        var engine = new FakeEngine((request, cancelled) => Script.Play(request, turn++ == 0 ? Call : "It is 20 C."));
        await using var server = new ServerUnderTest(engine);
        ChatClient client = (await ClientAsync(server)).GetChatClient(ServerUnderTest.Model);
        var options = new ChatCompletionOptions { Tools = { Weather }, ToolChoice = ChatToolChoice.CreateAutoChoice() };
        List<ChatMessage> messages = [new UserChatMessage("Weather in Paris?")];
        ChatCompletion first = await client.CompleteChatAsync(messages, options, TestContext.Current.CancellationToken);
        Assert.Equal(ChatFinishReason.ToolCalls, first.FinishReason);
        ChatToolCall call = Assert.Single(first.ToolCalls);
        Assert.Equal(("get_weather", """{"city":"Paris"}"""), (call.FunctionName, call.FunctionArguments.ToString()));
        messages.AddRange([new AssistantChatMessage(first), new ToolChatMessage(call.Id, "20 C")]);
        ChatCompletion second = await client.CompleteChatAsync(messages, options, TestContext.Current.CancellationToken);
        Assert.Equal("It is 20 C.", second.Content[0].Text);
    }

    [Fact]
    public async Task A_tool_call_is_streamed()
    {
        await using var server = new ServerUnderTest(Script.Saying(Call));
        ChatClient client = (await ClientAsync(server)).GetChatClient(ServerUnderTest.Model);
        var arguments = new StringBuilder();
        var names = new List<string>();
        await foreach (StreamingChatCompletionUpdate update in client.CompleteChatStreamingAsync(
            [new UserChatMessage("Weather in Paris?")], new ChatCompletionOptions { Tools = { Weather } }, TestContext.Current.CancellationToken))
        {
            foreach (StreamingChatToolCallUpdate call in update.ToolCallUpdates)
            {
                if (call.FunctionName is not null)
                    names.Add(call.FunctionName);
                arguments.Append(call.FunctionArgumentsUpdate?.ToString());
            }
        }
        Assert.Equal("get_weather", Assert.Single(names));
        Assert.Equal("""{"city":"Paris"}""", arguments.ToString());
    }

    [Fact]
    public async Task An_error_keeps_its_status_and_message()
    {
        await using var server = new ServerUnderTest(Script.Saying("x"));
        ChatClient client = (await ClientAsync(server)).GetChatClient(ServerUnderTest.Model);
        ClientResultException fault = await Assert.ThrowsAsync<ClientResultException>(() => client.CompleteChatAsync(
            [new UserChatMessage("Hi")], new ChatCompletionOptions { Temperature = 3 }, TestContext.Current.CancellationToken));
        Assert.Equal(400, fault.Status);
        Assert.Contains("decimal_above_max_value", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Models_are_listed()
    {
        await using var server = new ServerUnderTest(Script.Saying("x"));
        OpenAIModelCollection models = await (await ClientAsync(server)).GetOpenAIModelClient().GetModelsAsync(TestContext.Current.CancellationToken);
        Assert.Equal(ServerUnderTest.Model, Assert.Single(models).Id);
    }

    internal static async Task<OpenAIClient> ClientAsync(ServerUnderTest server)
    {
        HttpClient http = await server.ReadyClientAsync();
        return new OpenAIClient(new ApiKeyCredential("sk-none"), new OpenAIClientOptions
        {
            Endpoint = new Uri(http.BaseAddress!, "/v1"),
            Transport = new HttpClientPipelineTransport(http),
            RetryPolicy = new ClientRetryPolicy(0),
        });
    }
}
