using Gemma4.Server.Errors;
using Gemma4.Server.Ollama;
using Gemma4.Server.Streaming;

namespace Gemma4.Server.Mapping.Ollama;

/// <summary>Lines of JSON, each a piece of the answer; the last one has <c>done</c> and the counts.</summary>
internal sealed class OllamaStreamFormat(OllamaRun run) : IStreamFormat
{
    private readonly OllamaPieces _pieces = new();

    /// <inheritdoc/>
    public string ContentType => "application/x-ndjson";

    /// <inheritdoc/>
    public void Begin(SseWriter writer)
    {
        // The first piece is the first text: clients show what comes.
    }

    /// <inheritdoc/>
    public void Write(SseWriter writer, IReadOnlyList<SequenceEvent> events)
    {
        foreach (SequenceEvent item in events)
        {
            if (_pieces.Map(item.Event) is { } message)
                Send(writer, run.Piece(message));
        }
    }

    /// <summary>This API has no comments; an empty piece means nothing either.</summary>
    public void Heartbeat(SseWriter writer) => Send(writer, run.Piece(OllamaPieces.Message("")));

    /// <inheritdoc/>
    public ValueTask EndAsync(SseWriter writer)
    {
        Send(writer, run.Last(OllamaPieces.Message(""), _pieces.DoneReason));
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public void Fail(SseWriter writer, ApiError error) => writer.Line(OllamaErrorResponse.From(error), OllamaJson.Context.OllamaErrorResponse);

    private static void Send(SseWriter writer, OllamaAnswer answer)
    {
        if (answer is OllamaChatAnswer chat)
            writer.Line(chat, OllamaJson.Context.OllamaChatAnswer);
        else
            writer.Line((OllamaGenerateAnswer)answer, OllamaJson.Context.OllamaGenerateAnswer);
    }
}
