using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Gemma4.Engine.Audio;
using Gemma4.Engine.Chat;
using Gemma4.Engine.Requests;
using Gemma4.Server.Errors;
using Gemma4.Server.Hosting;
using Gemma4.Server.Media;
using Gemma4.Server.OpenAI.Audio;
using Gemma4.Server.Streaming;
using MediaKind = Gemma4.Engine.Chat.MediaKind;

namespace Gemma4.Server.Mapping;

/// <summary>Writes down a sound, window by window; the model does not think before it does.</summary>
internal sealed class Transcriber(MediaLoader media, ChatRunner runner)
{
    /// <summary>A piece of the transcript.</summary>
    /// <param name="WindowIndex">The window it was heard in.</param>
    /// <param name="Text">More text.</param>
    internal readonly record struct Piece(int WindowIndex, string Text);

    /// <summary>Cuts the sound.</summary>
    /// <exception cref="ApiException">The model does not hear.</exception>
    /// <exception cref="RequestRejectedException">The file cannot be read.</exception>
    public Task<ImmutableArray<AudioWindow>> PrepareAsync(TranscriptionRequest request, LoadedModel model, CancellationToken cancellationToken) =>
        media.WindowsAsync(request.File, "file", model.Media, cancellationToken);

    /// <summary>Hears the windows one after the other.</summary>
    public async IAsyncEnumerable<Piece> TranscribeAsync(
        TranscriptionRequest request, ImmutableArray<AudioWindow> windows, LoadedModel model, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (int i = 0; i < windows.Length; i++)
        {
            await using Generation generation = await runner.StartAsync(Job(request, windows[i]), model, cancellationToken);
            await foreach (SequenceEvent item in generation.ReadAsync(cancellationToken))
            {
                if (item.Event is GenerationEvent.Content content)
                    yield return new Piece(i, content.Text);
            }
        }
    }

    private static ChatJob Job(TranscriptionRequest request, AudioWindow window) => new()
    {
        Id = AnswerHead.NewId("transcr-"),
        Messages =
        [
            new ChatMessage { Role = "user", Parts = [new ContentPart.Media(MediaKind.Audio, 0), new ContentPart.Text(Instruction(request))] },
        ],
        Media = [new MediaSource.Prepared(new PreparedMedium.Sound([window]), "file")],
        Thinks = false,
        Fields = request,
        PromptParam = "prompt",
    };

    private static string Instruction(TranscriptionRequest request) =>
        "Transcribe this."
        + (request.Language is null ? "" : $" The language is {request.Language}.")
        + (request.Prompt is null ? "" : $" It may contain: {request.Prompt}");
}
