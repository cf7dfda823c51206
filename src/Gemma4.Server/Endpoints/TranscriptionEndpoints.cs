using System.Collections.Immutable;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Gemma4.Engine.Audio;
using Gemma4.Server.Hosting;
using Gemma4.Server.Mapping;
using Gemma4.Server.OpenAI;
using Gemma4.Server.OpenAI.Audio;

namespace Gemma4.Server.Endpoints;

/// <summary>Sounds to text.</summary>
internal static class TranscriptionEndpoints
{
    public static void MapTranscriptions(this IEndpointRouteBuilder app) => app
        .MapPost("/v1/audio/transcriptions", TranscribeAsync)
        .WithTags("Audio").WithName("createTranscription").WithSummary("Write down what is said in a sound")
        .Accepts<IFormFile>("multipart/form-data")
        .Produces<Transcription>().ProducesError().DisableAntiforgery();

    private static async Task<IResult> TranscribeAsync(HttpContext context, ModelHost host, TranscriptionForm form, Transcriber transcriber)
    {
        LoadedModel model = host.Ready();
        TranscriptionRequest request = await form.ReadAsync(context);
        ImmutableArray<AudioWindow> windows = await transcriber.PrepareAsync(request, model, context.RequestAborted);
        IAsyncEnumerable<Transcriber.Piece> pieces = transcriber.TranscribeAsync(request, windows, model, context.RequestAborted);
        if (request.Stream == true)
            return TypedResults.ServerSentEvents(EventsAsync(pieces, context.RequestAborted));
        StringBuilder[] texts = [.. windows.Select(_ => new StringBuilder())];
        await foreach (Transcriber.Piece piece in pieces)
            texts[piece.WindowIndex].Append(piece.Text);
        TranscriptionSegment[] segments =
        [
            .. windows.Select((w, i) => new TranscriptionSegment(
                i, w.Start.TotalSeconds, (w.Start + w.Duration).TotalSeconds, texts[i].ToString().Trim())),
        ];
        return Answer(request, segments);
    }

    private static IResult Answer(TranscriptionRequest request, TranscriptionSegment[] segments)
    {
        string text = string.Join(' ', segments.Select(s => s.Text).Where(t => t.Length > 0));
        return request.ResponseFormat switch
        {
            "text" => Results.Text(text + "\n"),
            "srt" => Results.Text(TranscriptFormats.Srt(segments)),
            "vtt" => Results.Text(TranscriptFormats.Vtt(segments), "text/vtt"),
            "verbose_json" => Results.Json(
                new VerboseTranscription
                {
                    Language = request.Language ?? "unknown",
                    Duration = segments[^1].End,
                    Text = text,
                    Segments = segments,
                },
                OpenAIJson.Context.VerboseTranscription),
            _ => Results.Json(new Transcription(text), OpenAIJson.Context.Transcription),
        };
    }

    private static async IAsyncEnumerable<SseItem<string>> EventsAsync(
        IAsyncEnumerable<Transcriber.Piece> pieces, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        int last = 0;
        await foreach (Transcriber.Piece piece in pieces.WithCancellation(cancellationToken))
        {
            string delta = piece.WindowIndex > last && text.Length > 0 ? " " + piece.Text : piece.Text;
            last = piece.WindowIndex;
            text.Append(delta);
            yield return Event(new TranscriptionEvent("transcript.text.delta", Delta: delta));
        }
        yield return Event(new TranscriptionEvent("transcript.text.done", Text: text.ToString()));
    }

    private static SseItem<string> Event(TranscriptionEvent value) =>
        new(JsonSerializer.Serialize(value, OpenAIJson.Context.TranscriptionEvent));
}
