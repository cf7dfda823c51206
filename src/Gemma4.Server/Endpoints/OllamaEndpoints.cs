using Gemma4.Server.Errors;
using Gemma4.Server.Limits;
using Gemma4.Server.Mapping;
using Gemma4.Server.Mapping.Ollama;
using Gemma4.Server.Metrics;
using Gemma4.Server.Ollama;
using Gemma4.Server.Pipeline;
using Gemma4.Server.Serving;
using Gemma4.Server.Streaming;

namespace Gemma4.Server.Endpoints;

/// <summary>Ollama's API, for programs that speak no other: what asks the model and what describes it. What manages models is refused.</summary>
internal static class OllamaEndpoints
{
    /// <summary>The version whose requests and answers these are; clients ask whether it is new enough for them.</summary>
    private const string Version = "0.13.5";

    public static void MapOllama(this IEndpointRouteBuilder app)
    {
        RouteGroupBuilder group = app.MapGroup(OllamaErrorResponse.Path).WithTags("Ollama");
        group.MapPost("/chat", ChatAsync).WithName("ollamaChat").WithSummary("Answer a conversation, as Ollama's API does")
            .Accepts<OllamaChatRequest>("application/json").Produces<OllamaChatAnswer>().ProducesLines<OllamaChatAnswer>().ProducesOllamaError();
        group.MapPost("/generate", GenerateAsync).WithName("ollamaGenerate").WithSummary("Answer a prompt, as Ollama's API does")
            .Accepts<OllamaGenerateRequest>("application/json").Produces<OllamaGenerateAnswer>().ProducesLines<OllamaGenerateAnswer>().ProducesOllamaError();
        group.MapPost("/show", ShowAsync).WithName("ollamaShow").WithSummary("What a served model is and can do")
            .Accepts<OllamaShowRequest>("application/json").Produces<OllamaShow>().ProducesOllamaError();
        group.MapGet("/tags", (OllamaModels models, Allowance allowance) => Results.Json(models.List(allowance.AllowsModel), OllamaJson.Context.OllamaModelList)).WithName("ollamaTags")
            .WithSummary("The served models").Produces<OllamaModelList>().ProducesOllamaErrorOfAnyRequest();
        group.MapGet("/ps", (OllamaModels models, Allowance allowance) => Results.Json(models.Running(allowance.AllowsModel), OllamaJson.Context.OllamaModelList)).WithName("ollamaPs")
            .WithSummary("The loaded models").Produces<OllamaModelList>().ProducesOllamaErrorOfAnyRequest();
        group.MapGet("/version", () => Results.Json(new OllamaVersion(Version), OllamaJson.Context.OllamaVersion)).WithName("ollamaVersion")
            .WithSummary("The version of Ollama's API that is spoken").Produces<OllamaVersion>().ProducesOllamaErrorOfAnyRequest();
    }

    [Generates(GeneratesAttribute.Chat)]
    private static async Task<IResult> ChatAsync(HttpContext context, ModelHost host, RequestReader reader, OllamaRunner runner, TimeProvider time) =>
        await AnswerAsync(await StartChatAsync(context, host, reader, runner), isChat: true, context, time);

    [Generates(GeneratesAttribute.Completion)]
    private static async Task<IResult> GenerateAsync(HttpContext context, ModelHost host, RequestReader reader, OllamaRunner runner, TimeProvider time) =>
        await AnswerAsync(await StartPromptAsync(context, host, reader, runner), isChat: false, context, time);

    /// <summary>Reads and starts a request. A method of its own, so that its end lets go of the body while the answer is still written.</summary>
    private static async Task<Started> StartChatAsync(HttpContext context, ModelHost host, RequestReader reader, OllamaRunner runner)
    {
        LoadedModel model = host.ReadyToGenerate();
        OllamaChatRequest request = await reader.ReadAsync(context, OllamaJson.Context.OllamaChatRequest, OllamaModelFaults.Instance);
        OllamaRun? run = request.Messages is { Length: > 0 } ? await runner.StartAsync(request, model, context.RequestAborted) : null;
        return new Started(run, request.Model!, request.Stream != false);
    }

    /// <inheritdoc cref="StartChatAsync"/>
    private static async Task<Started> StartPromptAsync(HttpContext context, ModelHost host, RequestReader reader, OllamaRunner runner)
    {
        LoadedModel model = host.ReadyToGenerate();
        OllamaGenerateRequest request = await reader.ReadAsync(context, OllamaJson.Context.OllamaGenerateRequest, OllamaModelFaults.Instance);
        bool asks = !string.IsNullOrEmpty(request.Prompt) || request.Images is { Length: > 0 };
        return new Started(asks ? await runner.StartAsync(request, model, context.RequestAborted) : null, request.Model!, request.Stream != false);
    }

    private static async Task<IResult> AnswerAsync(Started started, bool isChat, HttpContext context, TimeProvider time)
    {
        BodyAdmission.Release(context);
        if (started.Run is not { } run)
            return Json(OllamaRun.Loaded(started.Model, isChat, time));
        if (started.Streams)
            return new SseResult(run.Generation, new OllamaStreamFormat(run));
        await using (run.Generation)
        {
            var pieces = new OllamaPieces();
            var events = new List<SequenceEvent>();
            await GenerationReader.ReadToEndAsync(run.Generation, events.Add, context.RequestAborted);
            OllamaMessage message = pieces.Join(events);
            return Json(run.Last(message, pieces.DoneReason));
        }
    }

    private static async Task<IResult> ShowAsync(HttpContext context, ModelHost host, ModelNames names, RequestReader reader, OllamaModels models)
    {
        LoadedModel model = host.Ready();
        OllamaShowRequest request = await reader.ReadAsync(context, OllamaJson.Context.OllamaShowRequest, OllamaModelFaults.OfShow);
        string id = request.Model ?? request.Name ?? throw OllamaModelFaults.Instance.Missing()!;
        ServedModels.Check(context, names, id, OllamaModelFaults.Instance);
        return Results.Json(models.Show(model), OllamaJson.Context.OllamaShow);
    }

    private static IResult Json(OllamaAnswer answer) => answer is OllamaChatAnswer chat
        ? Results.Json(chat, OllamaJson.Context.OllamaChatAnswer)
        : Results.Json((OllamaGenerateAnswer)answer, OllamaJson.Context.OllamaGenerateAnswer);

    /// <summary>A request that runs, and what its answer must know of it.</summary>
    /// <param name="Run">Null where nothing was asked.</param>
    /// <param name="Model">The model as the request named it.</param>
    /// <param name="Streams">Whether the answer comes in lines.</param>
    private sealed record Started(OllamaRun? Run, string Model, bool Streams);
}
