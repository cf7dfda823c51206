using Gemma4.Server.Errors;
using Gemma4.Server.Mapping;
using Gemma4.Server.Mapping.Ollama;
using Gemma4.Server.Ollama;
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
        group.MapGet("/tags", (OllamaModels models) => Results.Json(models.List(), OllamaJson.Context.OllamaModelList)).WithName("ollamaTags")
            .WithSummary("The served models").Produces<OllamaModelList>().ProducesOllamaErrorOfAnyRequest();
        group.MapGet("/ps", (OllamaModels models) => Results.Json(models.Running(), OllamaJson.Context.OllamaModelList)).WithName("ollamaPs")
            .WithSummary("The loaded models").Produces<OllamaModelList>().ProducesOllamaErrorOfAnyRequest();
        group.MapGet("/version", () => Results.Json(new OllamaVersion(Version), OllamaJson.Context.OllamaVersion)).WithName("ollamaVersion")
            .WithSummary("The version of Ollama's API that is spoken").Produces<OllamaVersion>().ProducesOllamaErrorOfAnyRequest();
    }

    private static async Task<IResult> ChatAsync(HttpContext context, ModelHost host, RequestReader reader, OllamaRunner runner, TimeProvider time)
    {
        LoadedModel model = host.ReadyToGenerate();
        OllamaChatRequest request = await reader.ReadAsync(context, OllamaJson.Context.OllamaChatRequest, OllamaModelFaults.Instance, takesUnnamed: true);
        return request.Messages is { Length: > 0 }
            ? await AnswerAsync(await runner.StartAsync(request, model, context.RequestAborted), request, context)
            : Json(OllamaRun.Loaded(request.Model!, isChat: true, time));
    }

    private static async Task<IResult> GenerateAsync(HttpContext context, ModelHost host, RequestReader reader, OllamaRunner runner, TimeProvider time)
    {
        LoadedModel model = host.ReadyToGenerate();
        OllamaGenerateRequest request = await reader.ReadAsync(context, OllamaJson.Context.OllamaGenerateRequest, OllamaModelFaults.Instance, takesUnnamed: true);
        return !string.IsNullOrEmpty(request.Prompt) || request.Images is { Length: > 0 }
            ? await AnswerAsync(await runner.StartAsync(request, model, context.RequestAborted), request, context)
            : Json(OllamaRun.Loaded(request.Model!, isChat: false, time));
    }

    private static async Task<IResult> AnswerAsync(OllamaRun run, OllamaRequest request, HttpContext context)
    {
        if (request.Stream != false)
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
        OllamaShowRequest request = await reader.ReadAsync(context, OllamaJson.Context.OllamaShowRequest, OllamaModelFaults.OfShow, takesUnnamed: true);
        string id = request.Model ?? request.Name ?? throw OllamaModelFaults.Instance.Missing()!;
        return names.Serves(id)
            ? Results.Json(models.Show(model), OllamaJson.Context.OllamaShow)
            : throw OllamaModelFaults.Instance.Unknown(id, names.All);
    }

    private static IResult Json(OllamaAnswer answer) => answer is OllamaChatAnswer chat
        ? Results.Json(chat, OllamaJson.Context.OllamaChatAnswer)
        : Results.Json((OllamaGenerateAnswer)answer, OllamaJson.Context.OllamaGenerateAnswer);
}
