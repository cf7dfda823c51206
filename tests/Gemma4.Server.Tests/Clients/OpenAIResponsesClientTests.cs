#pragma warning disable OPENAI001 // the client's own mark for its newer half
using System.ClientModel;
using System.ClientModel.Primitives;
using OpenAI.Responses;
using Xunit;

namespace Gemma4.Server.Tests.Clients;

/// <summary>The official OpenAI client's responses against this server.</summary>
public sealed class OpenAIResponsesClientTests
{
    [Fact]
    public async Task It_reads_a_response_goes_on_from_it_and_deletes_it()
    {
        await using var server = new ServerUnderTest(Script.Saying("<|channel>thought\nHm.<channel|>Hello."));
        ResponsesClient client = Client(await server.ReadyClientAsync());
        ResponseResult first = await client.CreateResponseAsync(ServerUnderTest.Model, "Hi", cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal("Hello.", first.GetOutputText());
        Assert.Equal(ResponseStatus.Completed, first.Status);
        Assert.True(first.Usage.OutputTokenCount > 0);
        ResponseResult second = await client.CreateResponseAsync(
            ServerUnderTest.Model, "And?", first.Id, TestContext.Current.CancellationToken);
        Assert.Equal(first.Id, second.PreviousResponseId);
        ResponseResult kept = await client.GetResponseAsync(first.Id, TestContext.Current.CancellationToken);
        Assert.Equal("Hello.", kept.GetOutputText());
        List<ResponseItem> items = [];
        await foreach (ResponseItem item in client.GetResponseInputItemsAsync(second.Id, TestContext.Current.CancellationToken))
            items.Add(item);
        Assert.IsAssignableFrom<MessageResponseItem>(Assert.Single(items));
        ResponseDeletionResult deleted = await client.DeleteResponseAsync(first.Id, TestContext.Current.CancellationToken);
        Assert.True(deleted.Deleted);
    }

    [Fact]
    public async Task It_reads_a_stream_with_a_call()
    {
        await using var server = new ServerUnderTest(Script.Saying("Wait.<|tool_call>call:f{s:<|\"|>long enough<|\"|>}<tool_call|>"));
        ResponsesClient client = Client(await server.ReadyClientAsync());
        CreateResponseOptions options = new(ServerUnderTest.Model, [ResponseItem.CreateUserMessageItem("Hi")]) { StreamingEnabled = true };
        options.Tools.Add(ResponseTool.CreateFunctionTool("f", BinaryData.FromString("""{"type":"object","properties":{"s":{"type":"string"}}}"""), strictModeEnabled: null));
        string text = "";
        string arguments = "";
        ResponseResult? end = null;
        await foreach (StreamingResponseUpdate update in await client.CreateResponseStreamingAsync(options, TestContext.Current.CancellationToken))
        {
            text += (update as StreamingResponseOutputTextDeltaUpdate)?.Delta;
            arguments += (update as StreamingResponseFunctionCallArgumentsDeltaUpdate)?.Delta.ToString();
            end = (update as StreamingResponseCompletedUpdate)?.Response ?? end;
        }
        Assert.Equal(("Wait.", """{"s":"long enough"}"""), (text, arguments));
        FunctionCallResponseItem call = Assert.Single(end!.OutputItems.OfType<FunctionCallResponseItem>());
        Assert.Equal(("f", arguments), (call.FunctionName, call.FunctionArguments.ToString()));
    }

    private static ResponsesClient Client(HttpClient http) => new(
        new ApiKeyCredential("unused"),
        new ResponsesClientOptions
        {
            Endpoint = new Uri(http.BaseAddress!, "v1"),
            Transport = new HttpClientPipelineTransport(http),
            RetryPolicy = new ClientRetryPolicy(0),
        });
}
