using Gemma4.Server.Errors;
using Gemma4.Server.OpenAI;
using Gemma4.Server.OpenAI.Audio;
using Gemma4.Server.Streaming;

namespace Gemma4.Server.Mapping.Audio;

/// <summary>Frames of a streamed transcription: each piece, then the whole.</summary>
internal sealed class TranscriptionStreamFormat(Transcript transcript, Func<TranscriptionUsage> usage) : IStreamFormat
{
    /// <inheritdoc/>
    public void Begin(SseWriter writer)
    {
    }

    /// <inheritdoc/>
    public void Write(SseWriter writer, IReadOnlyList<SequenceEvent> events)
    {
        foreach (SequenceEvent item in events)
        {
            if (transcript.Add(item) is { Length: > 0 } delta)
                Send(writer, new TranscriptionEvent("transcript.text.delta", Delta: delta));
        }
    }

    /// <inheritdoc/>
    public ValueTask EndAsync(SseWriter writer)
    {
        Send(writer, new TranscriptionEvent("transcript.text.done", Text: transcript.Text, Usage: usage()));
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public void Fail(SseWriter writer, ApiError error) => writer.Frame(ErrorResponse.From(error), OpenAIJson.Context.ErrorResponse);

    private static void Send(SseWriter writer, TranscriptionEvent value) => writer.Frame(value, OpenAIJson.Context.TranscriptionEvent);
}
