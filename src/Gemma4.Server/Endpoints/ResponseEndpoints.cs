using System.Collections.Immutable;
using Gemma4.Server.Errors;
using Gemma4.Server.Limits;
using Gemma4.Server.Mapping;
using Gemma4.Server.Mapping.OpenAI;
using Gemma4.Server.Mapping.Responses;
using Gemma4.Server.Metrics;
using Gemma4.Server.OpenAI;
using Gemma4.Server.OpenAI.Responses;
using Gemma4.Server.Serving;
using Gemma4.Server.Settings;
using Gemma4.Server.Storage;
using Gemma4.Server.Streaming;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Endpoints;

/// <summary>Responses: made, whole and streamed.</summary>
internal static class ResponseEndpoints
{
    public static void MapResponses(this IEndpointRouteBuilder app)
    {
        RouteGroupBuilder group = app.MapGroup("/v1/responses").WithTags("Responses");
        group.MapPost("", CreateAsync).WithName("createResponse").WithSummary("Answer a conversation, and keep the answer")
            .Accepts<ResponseRequest>("application/json")
            .Produces<ResponseObject>().ProducesEvents(typeof(ResponseStreamEvent)).ProducesError();
        group.MapPost("/input_tokens", CountAsync).WithName("countResponseInputTokens").WithSummary("How many tokens a prompt would have")
            .Accepts<ResponseRequest>("application/json").Produces<ResponseInputTokens>().ProducesError();
        // The path is one of a stored response to routing, which would say that its method is wrong.
        group.MapPost("/compact", IResult (HttpContext context) => throw new ApiException(AbsentApis.Find(context.Request)!)).ExcludeFromDescription();
        group.MapStoredResponses();
    }

    [Generates(GeneratesAttribute.Chat)]
    private static async Task<IResult> CreateAsync(
        HttpContext context, ModelHost host, RequestReader reader, HostedTools hosted, ResponseRunner runner, BackgroundResponses background, CallerStores stores, Store store,
        Allowance allowance, RequestTokens tokens, IOptions<ApiOptions> api)
    {
        LoadedModel model = host.ReadyToGenerate();
        ResponseRequest request = await reader.ReadAsync(context, OpenAIJson.Context.ResponseRequest, ResponsesModelFaults.Instance);
        ResponseRules.Check(request, api.Value);
        hosted.Check(context, request);
        CallerResponses stored = stores.Responses(context);
        if (request.Background == true)
        {
            if (!store.Keeps)
                throw Fault.UnsupportedParameter("background", "is not supported by this server: it is told to keep no responses (option Storage:MaxEntries).");
            BackgroundResponse started = await background.StartAsync(request, stored, allowance, model, tokens.Labels, context.RequestAborted);
            return request.Stream == true ? new ReplayResult(started.Response.Id, started, stored) : Results.Json(started.Response, OpenAIJson.Context.ResponseObject);
        }
        ResponseRun run = await runner.StartAsync(request, stored, model, context.RequestAborted);

        // What is told to be kept is kept: the end of an answer waits for it, and says so where it is not.
        bool isKept = true;
        async ValueTask<ResponseObject> KeepAsync(ResponseObject response)
        {
            isKept = (!response.Store && response.Conversation is null) || await stored.TryKeepAsync(run.Stored(response));
            return isKept ? response : response with { Store = false };
        }

        if (request.Stream == true)
            return new SseResult(run.Generation, new ResponseStreamFormat(run, KeepAsync));
        await using (run.Generation)
        {
            ResponseAssembler assembler = run.Assembler(_ => { });
            await GenerationReader.ReadToEndAsync(run.Generation, assembler.Add, context.RequestAborted);
            ResponseObject response = await KeepAsync(run.Finish(assembler));
            if (!isKept)
                KeptWarning.Add(context);
            return Results.Json(response, OpenAIJson.Context.ResponseObject);
        }
    }

    private static async Task<IResult> CountAsync(
        HttpContext context, ModelHost host, RequestReader reader, HostedTools hosted, ChatPrompts prompts, CallerStores stores, ResponseFiles files, IOptions<ApiOptions> api)
    {
        LoadedModel model = host.Ready();
        ResponseRequest request = await reader.ReadAsync(context, OpenAIJson.Context.ResponseRequest, OptionalModelFaults.Instance);
        ResponseRules.Check(request, api.Value);
        hosted.Check(context, request);
        CallerResponses stored = stores.Responses(context);
        ImmutableArray<ResponseItem> input = await ResponseItems.OfAsync(request.Input, stored, context.RequestAborted);
        ImmutableArray<ResponseItem> conversation = await files.ResolveAsync(
            ResponseMapper.Conversation(await ResponseMapper.EarlierAsync(request, stored, context.RequestAborted), input), input.Length, stored.Files, context.RequestAborted);
        ChatPrompt prompt = await prompts.MakeAsync(
            ResponseMapper.Map("count", request, conversation, input.Length, api.Value), model, context.RequestAborted);
        return Results.Json(new ResponseInputTokens(prompt.Tokenized.TokenIds.Length), OpenAIJson.Context.ResponseInputTokens);
    }
}
