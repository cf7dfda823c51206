using System.Collections.Immutable;
using Gemma4.Engine.Audio;
using Gemma4.Engine.Chat;
using Gemma4.Engine.Requests;
using Gemma4.Server.Errors;
using Gemma4.Server.Media;
using Gemma4.Server.Serving;
using Gemma4.Server.Streaming;

namespace Gemma4.Server.Mapping.Audio;

/// <summary>Writes down an audio clip or translates it, window by window; the model does not think before it does.</summary>
internal sealed class Transcriber(MediaLoader media, ChatRunner runner)
{
    /// <summary>No one says more tokens than a window has soft tokens, 25 a second, and a few: a model that repeats itself is cut there.</summary>
    private const int SpareTokens = 32;

    /// <summary>Best tokens asked for where segments tell probabilities.</summary>
    private const int NumLogprobs = 20;

    /// <summary>Cuts the audio.</summary>
    /// <exception cref="ApiException">The model does not hear.</exception>
    /// <exception cref="RequestRejectedException">The file cannot be read.</exception>
    public Task<ImmutableArray<AudioWindow>> PrepareAsync(TranscriptionRequest request, LoadedModel model, CancellationToken cancellationToken) =>
        media.WindowsAsync(request.File, "file", model.Media, cancellationToken);

    /// <summary>Hears the windows one after the other; the caller disposes the result.</summary>
    public TranscriptionGeneration Start(TranscriptionRequest request, ImmutableArray<AudioWindow> windows, LoadedModel model) => new(
        windows.Length, (window, cancellationToken) => runner.StartAsync(Job(request, windows[window]), model, cancellationToken));

    private static ChatJob Job(TranscriptionRequest request, AudioWindow window) => new()
    {
        Id = AnswerHead.NewId("transcr-"),
        Messages =
        [
            new ChatMessage { Role = "user", Parts = [new ContentPart.Media(MediaKind.Audio, 0), new ContentPart.Text(Instruction(request))] },
        ],
        Media = [new MediaSource.Prepared(new PreparedMedium.Audio([window]), "file")],
        Thinks = false,
        Settings = new GenerationSettings { Temperature = request.Temperature },
        MaxTokens = window.NumSoftTokens + SpareTokens,
        PromptParam = "prompt",
        NumLogprobs = request.ResponseFormat == "verbose_json" ? NumLogprobs : null,
    };

    private static string Instruction(TranscriptionRequest request) =>
        (request.IsTranslation ? "Translate this into English." : "Transcribe this.")
        + (request.Language is null ? "" : $" The language is {request.Language}.")
        + (request.Prompt is null ? "" : $" It may contain: {request.Prompt}");
}
