using Gemma4.Server.Anthropic;
using Gemma4.Server.Errors;
using Gemma4.Server.Mapping;
using Gemma4.Server.Mapping.Anthropic;
using Gemma4.Server.Metrics;
using Gemma4.Server.Pipeline;
using Gemma4.Server.Serving;
using Gemma4.Server.Settings;
using Gemma4.Server.Storage;
using Gemma4.Server.Streaming;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Endpoints;

/// <summary>Anthropic's messages, whole and streamed, and the count of a prompt's tokens.</summary>
internal static class MessageEndpoints
{
    public static void MapMessages(this IEndpointRouteBuilder app)
    {
        RouteGroupBuilder group = app.MapGroup(MessageErrorResponse.Path).WithTags("Messages");
        group.MapPost("", CreateAsync).WithName("createMessage").WithSummary("Answer a conversation, as Anthropic's API does")
            .Accepts<MessageRequest>("application/json")
            .Produces<MessageResponse>().ProducesEvents(typeof(MessageEvent), typeof(MessageEndEvent), typeof(MessageErrorResponse))
            .ProducesMessageError();
        group.MapPost("/count_tokens", CountAsync).WithName("countMessageTokens").WithSummary("How many tokens a prompt would have")
            .Accepts<MessageRequest>("application/json").Produces<MessageTokens>()
            .ProducesMessageError();
    }

    [Generates(GeneratesAttribute.Chat)]
    private static async Task<IResult> CreateAsync(
        HttpContext context, ModelHost host, RequestReader reader, ChatRunner runner, MessageFiles files, CallerStores stores, IOptions<ApiOptions> api)
    {
        string id = AnswerHead.NewId("msg_");
        (Generation generation, string model, bool streams) = await StartAsync(id, context, host, reader, runner, files, stores, api.Value);
        BodyAdmission.Release(context);

        MessageResponse Start() => new() { Id = id, Model = model, Content = [], Usage = MessageUsages.Of(generation) };

        if (streams)
            return new SseResult(generation, new MessageStreamFormat(Start, () => MessageUsages.Of(generation)));
        await using (generation)
        {
            var assembler = new MessageAssembler(_ => { });
            await GenerationReader.ReadToEndAsync(generation, assembler.Add, context.RequestAborted);
            MessageResponse message = Start() with
            {
                Content = assembler.Blocks,
                StopReason = assembler.End!.StopReason,
                StopSequence = assembler.End.StopSequence,
            };
            return Results.Json(message, AnthropicJson.Context.MessageResponse);
        }
    }

    /// <summary>Reads and starts a request. A method of its own, so that its end lets go of the body while the answer is still written.</summary>
    private static async Task<(Generation Generation, string Model, bool Streams)> StartAsync(
        string id, HttpContext context, ModelHost host, RequestReader reader, ChatRunner runner, MessageFiles files, CallerStores stores, ApiOptions api)
    {
        LoadedModel model = host.ReadyToGenerate();
        MessageRequest request = await reader.ReadAsync(context, AnthropicJson.Context.MessageRequest, MessagesModelFaults.Instance);
        if (request.MaxTokens is not int maxTokens)
            throw Fault.Missing("max_tokens");
        // This API demands a number, so clients that want no limit send a large one, whatever the model's context.
        request = request with
        {
            MaxTokens = Math.Min(maxTokens, model.MaxContextLength),
            Messages = await files.ResolveAsync(request.Messages, stores.Files(context), context.RequestAborted),
        };
        Generation generation = await runner.StartAsync(MessagesMapper.Map(id, request, api), model, context.RequestAborted);
        return (generation, request.Model!, request.Stream == true);
    }

    private static async Task<IResult> CountAsync(
        HttpContext context, ModelHost host, RequestReader reader, ChatPrompts prompts, MessageFiles files, CallerStores stores, IOptions<ApiOptions> api)
    {
        LoadedModel model = host.Ready();
        MessageRequest request = await reader.ReadAsync(context, AnthropicJson.Context.MessageRequest, MessagesModelFaults.Instance);
        request = request with { Messages = await files.ResolveAsync(request.Messages, stores.Files(context), context.RequestAborted) };
        ChatPrompt prompt = await prompts.MakeAsync(MessagesMapper.Map("count", request, api.Value), model, context.RequestAborted);
        return Results.Json(new MessageTokens(prompt.Tokenized.TokenIds.Length), AnthropicJson.Context.MessageTokens);
    }
}
