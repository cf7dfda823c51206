using Gemma4.Server.Access;
using Gemma4.Server.Mapping;
using Gemma4.Server.Mapping.Chat;
using Gemma4.Server.Mapping.OpenAI;
using Gemma4.Server.Metrics;
using Gemma4.Server.OpenAI;
using Gemma4.Server.OpenAI.Chat;
using Gemma4.Server.OpenAI.Tokens;
using Gemma4.Server.Pipeline;
using Gemma4.Server.Serving;
using Gemma4.Server.Settings;
using Gemma4.Server.Storage;
using Gemma4.Server.Streaming;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Endpoints;

/// <summary>Chat completions, whole and streamed, and the prompt that would be sent.</summary>
internal static class ChatEndpoints
{
    public static void MapChatCompletions(this IEndpointRouteBuilder app)
    {
        app.MapPost("/v1/chat/completions", CompleteAsync)
            .WithTags("Chat").WithName("createChatCompletion").WithSummary("Answer a conversation")
            .Accepts<ChatCompletionRequest>("application/json")
            .Produces<ChatCompletion>().ProducesEvents(typeof(ChatCompletionChunk), typeof(ChatCompletionChunkWithUsage), typeof(ErrorResponse)).WithMetadata(new EndsWithDone()).ProducesError();
        app.MapPost("/v1/chat/completions/render", RenderAsync)
            .WithTags("Chat").WithName("renderChatCompletion").WithSummary("The prompt that would be sent: its text, tokens and media slots")
            .Accepts<ChatCompletionRequest>("application/json").Produces<RenderResponse>().ProducesError();
    }

    [Generates(GeneratesAttribute.Chat)]
    private static async Task<IResult> CompleteAsync(
        HttpContext context, ModelHost host, RequestReader reader, ChatRunner runner, ServerClock clock, ChatStore store, ChatFiles files, CallerStores stores, IOptions<ApiOptions> api)
    {
        ChatRun run = await StartAsync(context, host, reader, runner, clock, files, stores, api.Value);
        BodyAdmission.Release(context);
        var answers = new ChatAnswers(run.Style);
        if (run.Streams)
        {
            IStreamFormat format = new ChatStreamFormat(run.Style, run.Generation, run.StreamOptions);
            return new SseResult(
                run.Generation,
                run.Kept is null ? format : new KeptStreamFormat(format, answers, () => TryKeepAsync(answers.ToCompletion(run.Generation, run.ReturnsTokenIds))));
        }
        await using (run.Generation)
        {
            await answers.GatherAsync(run.Generation, context.RequestAborted);
            ChatCompletion completion = answers.ToCompletion(run.Generation, run.ReturnsTokenIds);
            if (run.Kept is not null && !await TryKeepAsync(completion))
                KeptWarning.Add(context);
            return Results.Json(completion with { Metadata = run.Kept?.Metadata }, OpenAIJson.Context.ChatCompletion);
        }

        Task<bool> TryKeepAsync(ChatCompletion completion) =>
            store.TryKeepAsync(Caller.Of(context), completion with { Metadata = run.Kept!.Metadata }, run.Kept.Messages);
    }

    /// <summary>Reads and starts a request. A method of its own, so that its end lets go of the body while the answer is still written.</summary>
    private static async Task<ChatRun> StartAsync(
        HttpContext context, ModelHost host, RequestReader reader, ChatRunner runner, ServerClock clock, ChatFiles files, CallerStores stores, ApiOptions api)
    {
        LoadedModel model = host.ReadyToGenerate();
        ChatCompletionRequest request = await reader.ReadAsync(context, OpenAIJson.Context.ChatCompletionRequest, ChatModelFaults.Instance);
        var head = new AnswerHead(AnswerHead.NewId("chatcmpl-"), clock.Now, request.Model, model.Fingerprint);
        ChatMessageDto[] messages = await files.ResolveAsync(request.Messages, stores.Files(context), context.RequestAborted);
        ChatJob job = ChatMapper.Map(head.Id, request with { Messages = messages }, api);
        Generation generation = await runner.StartAsync(job, model, context.RequestAborted);
        LogprobMapper? logprobs = job.NumLogprobs is int top ? new LogprobMapper(model.Tokenizer, top) : null;
        var style = new ChatStyle(head, ReasoningNames.From(api, request.IncludeReasoning), logprobs, job.Tools, Tier(request));
        return new ChatRun(generation, style, request.Stream == true, request.StreamOptions, request.ReturnTokenIds == true,
            request.Store == true ? new KeptChat(request.Messages, request.Metadata ?? []) : null);
    }

    private static async Task<IResult> RenderAsync(
        HttpContext context, ModelHost host, RequestReader reader, ChatPrompts prompts, ChatFiles files, CallerStores stores, IOptions<ApiOptions> api)
    {
        LoadedModel model = host.Ready();
        ChatCompletionRequest request = await reader.ReadAsync(context, OpenAIJson.Context.ChatCompletionRequest, ChatModelFaults.Instance);
        request = request with { Messages = await files.ResolveAsync(request.Messages, stores.Files(context), context.RequestAborted) };
        ChatPrompt prompt = await prompts.MakeAsync(ChatMapper.Map("render", request, api.Value), model, context.RequestAborted);
        return Results.Json(
            new RenderResponse
            {
                Prompt = prompt.Rendered.Text,
                TokenIds = prompt.Tokenized.TokenIds,
                MediaSlots =
                [
                    .. prompt.Tokenized.SoftTokens.Select(range => new MediaSlotDto(
                        prompt.Rendered.MediaSlots[range.SlotIndex].Kind.ToString().ToLowerInvariant(), range.FirstToken, range.NumSoftTokens)),
                ],
            },
            OpenAIJson.Context.RenderResponse);
    }

    /// <summary>There is one tier; it is named when a tier was asked for.</summary>
    private static string? Tier(ChatCompletionRequest request) => request.ServiceTier is null ? null : "default";

    /// <summary>A request that runs, and what its answer must know of it.</summary>
    private sealed record ChatRun(Generation Generation, ChatStyle Style, bool Streams, StreamOptions? StreamOptions, bool ReturnsTokenIds, KeptChat? Kept);

    /// <summary>What is kept of a request beside its answer.</summary>
    private sealed record KeptChat(ChatMessageDto[] Messages, Dictionary<string, string> Metadata);
}
