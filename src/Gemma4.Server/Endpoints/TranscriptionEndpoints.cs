using System.Collections.Immutable;
using Gemma4.Engine.Audio;
using Gemma4.Server.Mapping.Audio;
using Gemma4.Server.Metrics;
using Gemma4.Server.OpenAI;
using Gemma4.Server.OpenAI.Audio;
using Gemma4.Server.Serving;
using Gemma4.Server.Streaming;

namespace Gemma4.Server.Endpoints;

/// <summary>Audio clips to text.</summary>
internal static class TranscriptionEndpoints
{
    public static void MapTranscriptions(this IEndpointRouteBuilder app)
    {
        app.MapPost("/v1/audio/transcriptions", TranscribeAsync).WithName("createTranscription").WithSummary("Write down what is said in an audio clip").Describe();
        app.MapPost("/v1/audio/translations", TranslateAsync).WithName("createTranslation").WithSummary("Write down in English what is said in an audio clip").Describe();
    }

    private static void Describe(this RouteHandlerBuilder endpoint) => endpoint.WithTags("Audio")
        .Accepts<TranscriptionFields>("multipart/form-data")
        .Produces<Transcription>().ProducesAlso<VerboseTranscription>().ProducesEvents(typeof(TranscriptionEvent), typeof(ErrorResponse))
        .ProducesText("text/plain", "text/vtt").ProducesError().DisableAntiforgery();

    [Generates(GeneratesAttribute.Content)]
    private static Task<IResult> TranscribeAsync(HttpContext context, ModelHost host, TranscriptionForm form, Transcriber transcriber) =>
        WriteAsync(isTranslation: false, context, host, form, transcriber);

    [Generates(GeneratesAttribute.Content)]
    private static Task<IResult> TranslateAsync(HttpContext context, ModelHost host, TranscriptionForm form, Transcriber transcriber) =>
        WriteAsync(isTranslation: true, context, host, form, transcriber);

    private static async Task<IResult> WriteAsync(bool isTranslation, HttpContext context, ModelHost host, TranscriptionForm form, Transcriber transcriber)
    {
        LoadedModel model = host.ReadyToGenerate();
        TranscriptionRequest request = await form.ReadAsync(context, isTranslation);
        ImmutableArray<AudioWindow> windows = await transcriber.PrepareAsync(request, model, context.RequestAborted);
        var transcript = new Transcript(windows, model.Defaults.EndTokenIds);
        TranscriptionGeneration generation = transcriber.Start(request, windows, model);
        if (request.Streams)
            return new SseResult(generation, new TranscriptionStreamFormat(transcript, () => TranscriptionUsages.Of(generation.Parts)));
        await using (generation)
        {
            await GenerationReader.ReadToEndAsync(generation, item => transcript.Add(item), context.RequestAborted);
            return Answer(request, transcript, generation.Parts);
        }
    }

    private static IResult Answer(TranscriptionRequest request, Transcript transcript, IReadOnlyList<Generation> parts)
    {
        TranscriptionSegment[] segments = transcript.Segments(parts);
        return request.ResponseFormat switch
        {
            "text" => Results.Text(transcript.Text + "\n"),
            "srt" => Results.Text(TranscriptFormats.Srt(segments)),
            "vtt" => Results.Text(TranscriptFormats.Vtt(segments), "text/vtt"),
            "verbose_json" => Results.Json(
                new VerboseTranscription
                {
                    Task = request.IsTranslation ? "translate" : "transcribe",
                    Language = request.IsTranslation ? "english" : request.Language ?? "unknown",
                    Duration = segments[^1].End,
                    Text = transcript.Text,
                    Segments = segments,
                    Usage = new TranscriptionDuration(segments[^1].End),
                },
                OpenAIJson.Context.VerboseTranscription),
            _ => Results.Json(new Transcription(transcript.Text, TranscriptionUsages.Of(parts)), OpenAIJson.Context.Transcription),
        };
    }
}
