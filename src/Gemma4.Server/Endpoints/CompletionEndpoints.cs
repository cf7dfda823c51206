using System.Collections.Immutable;
using Gemma4.Engine.Requests;
using Gemma4.Server.Mapping;
using Gemma4.Server.Mapping.Completions;
using Gemma4.Server.Mapping.OpenAI;
using Gemma4.Server.Metrics;
using Gemma4.Server.OpenAI;
using Gemma4.Server.OpenAI.Completions;
using Gemma4.Server.Serving;
using Gemma4.Server.Settings;
using Gemma4.Server.Streaming;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Endpoints;

/// <summary>Text completions: one or many prompts, no chat template.</summary>
internal static class CompletionEndpoints
{
    public static void MapCompletions(this IEndpointRouteBuilder app) => app.MapPost("/v1/completions", CompleteAsync)
        .WithTags("Completions").WithName("createCompletion").WithSummary("Go on with a text")
        .Accepts<CompletionRequest>("application/json")
        .Produces<TextCompletionWithUsage>().ProducesEvents(typeof(TextCompletion), typeof(TextCompletionWithUsage), typeof(ErrorResponse)).WithMetadata(new EndsWithDone()).ProducesError();

    [Generates(GeneratesAttribute.Completion)]
    private static async Task<IResult> CompleteAsync(
        HttpContext context, ModelHost host, RequestReader reader, ConstraintMapper constraints, GenerationStarter starter, ServerClock clock,
        IOptions<ApiOptions> api)
    {
        LoadedModel model = host.ReadyToGenerate();
        CompletionRequest request = await reader.ReadAsync(context, OpenAIJson.Context.CompletionRequest, ChatModelFaults.Instance);
        CompletionRules.Check(request, api.Value);
        var head = new AnswerHead(AnswerHead.NewId("cmpl-"), clock.Now, request.Model, model.Fingerprint);
        ITokenConstraintSource? constraint = await constraints.CompileAsync(FormatMapper.FromExtensions(request), model, context.RequestAborted);
        GenerationSettings settings = SettingsMapper.Map(request);
        ImmutableArray<GenerationRequest> jobs = CompletionMapper.Map(head.Id, request, settings, constraint, model, api.Value);
        var generation = new CombinedGeneration(await StartAsync(jobs, settings, model, starter, context.RequestAborted));
        var choices = new CompletionChoices(request, generation, model.Tokenizer);
        Usage Count() => UsageMapper.Map(generation.Parts, countOutput: !choices.IsEchoOnly);
        if (request.Stream == true)
            return new SseResult(generation, new CompletionStreamFormat(head, choices, request.StreamOptions, Count));
        await using (generation)
        {
            TextChoice[] answers = await CompletionAnswers.GatherAsync(
                generation, choices, request.N ?? 1, request.ReturnTokenIds == true, context.RequestAborted);
            return Results.Json(TextCompletions.WithUsage(head, answers, Count()), OpenAIJson.Context.TextCompletionWithUsage);
        }
    }

    /// <summary>Submits all prompts; a refusal of one gives all up.</summary>
    private static async Task<List<Generation>> StartAsync(
        ImmutableArray<GenerationRequest> jobs, GenerationSettings settings, LoadedModel model, GenerationStarter starter, CancellationToken cancellationToken)
    {
        var started = new List<Generation>(jobs.Length);
        try
        {
            foreach (GenerationRequest job in jobs)
                started.Add(await starter.StartAsync(model, job, RequestMapper.Parsing(settings, job) with { IsChat = false }, job.MaxTokens, cancellationToken));
            return started;
        }
        catch
        {
            foreach (Generation generation in started)
                await generation.DisposeAsync();
            throw;
        }
    }
}
