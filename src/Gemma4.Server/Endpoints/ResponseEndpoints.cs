using System.Collections.Immutable;
using Gemma4.Server.Access;
using Gemma4.Server.Mapping;
using Gemma4.Server.Mapping.OpenAI;
using Gemma4.Server.Mapping.Responses;
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
        group.MapStoredResponses();
    }

    private static async Task<IResult> CreateAsync(
        HttpContext context, ModelHost host, RequestReader reader, ChatPrompts prompts, ChatRunner runner, ResponseStore store, ServerClock clock, IOptions<ApiOptions> api)
    {
        LoadedModel model = host.ReadyToGenerate();
        ResponseRequest request = await reader.ReadAsync(context, OpenAIJson.Context.ResponseRequest, ResponsesModelFaults.Instance);
        ResponseRules.Check(request, api.Value);
        CallerResponses stored = store.Of(Caller.Of(context));
        ImmutableArray<ResponseItem> input = ResponseItems.Of(request.Input, stored);
        ImmutableArray<ResponseItem> conversation = ResponseMapper.Conversation(request, input, stored);
        var head = new AnswerHead(AnswerHead.NewId("resp_"), clock.Now, request.Model!, model.Fingerprint);
        ChatJob job = ResponseMapper.Map(head.Id, request, conversation, input.Length, api.Value);
        Generation generation = request.Truncation == "auto"
            ? await TruncatedConversation.StartAsync(
                await prompts.WithMediaAsync(job, model, context.RequestAborted),
                shorter => runner.FitsAsync(shorter, model, context.RequestAborted),
                shorter => runner.StartAsync(shorter, model, context.RequestAborted))
            : await runner.StartAsync(job, model, context.RequestAborted);
        ResponseObject start = ResponseMapper.Start(head, request, model.Defaults);
        LogprobMapper? logprobs = job.NumLogprobs is int top ? new LogprobMapper(model.Tokenizer, top) : null;

        ResponseObject End(ResponseAssembler assembler)
        {
            ResponseObject response = assembler.End(ResponseUsages.Of(generation), clock.Now);
            if (response.Store)
                stored.Add(new StoredResponse(response, input, [.. conversation, .. response.Output]));
            return response;
        }

        if (request.Stream == true)
            return new SseResult(generation, new ResponseStreamFormat(start, logprobs, assembler => End(assembler)));
        await using (generation)
        {
            var assembler = new ResponseAssembler(start, logprobs, _ => { });
            await GenerationReader.ReadToEndAsync(generation, assembler.Add, context.RequestAborted);
            return Results.Json(End(assembler), OpenAIJson.Context.ResponseObject);
        }
    }

    private static async Task<IResult> CountAsync(
        HttpContext context, ModelHost host, RequestReader reader, ChatPrompts prompts, ResponseStore store, IOptions<ApiOptions> api)
    {
        LoadedModel model = host.Ready();
        ResponseRequest request = await reader.ReadAsync(context, OpenAIJson.Context.ResponseRequest, OptionalModelFaults.Instance);
        ResponseRules.Check(request, api.Value);
        CallerResponses stored = store.Of(Caller.Of(context));
        ImmutableArray<ResponseItem> input = ResponseItems.Of(request.Input, stored);
        ImmutableArray<ResponseItem> conversation = ResponseMapper.Conversation(request, input, stored);
        ChatPrompt prompt = await prompts.MakeAsync(
            ResponseMapper.Map("count", request, conversation, input.Length, api.Value), model, context.RequestAborted);
        return Results.Json(new ResponseInputTokens(prompt.Tokenized.TokenIds.Length), OpenAIJson.Context.ResponseInputTokens);
    }
}
