using Gemma4.Server.Errors;
using Gemma4.Server.Streaming;

namespace Gemma4.Server.Mapping.Chat;

/// <summary>A stream whose answer is kept: gathered while it is written, and kept before its end is.</summary>
/// <param name="inner">Writes it.</param>
/// <param name="answers">Gathers it.</param>
/// <param name="keep">Keeps it.</param>
internal sealed class KeptStreamFormat(IStreamFormat inner, ChatAnswers answers, Func<Task> keep) : IStreamFormat
{
    /// <inheritdoc/>
    public string ContentType => inner.ContentType;

    /// <inheritdoc/>
    public void Begin(SseWriter writer) => inner.Begin(writer);

    /// <inheritdoc/>
    public void Write(SseWriter writer, IReadOnlyList<SequenceEvent> events)
    {
        foreach (SequenceEvent item in events)
            answers.Add(item);
        inner.Write(writer, events);
    }

    /// <inheritdoc/>
    public void Heartbeat(SseWriter writer) => inner.Heartbeat(writer);

    /// <inheritdoc/>
    public async ValueTask EndAsync(SseWriter writer)
    {
        await keep();
        await inner.EndAsync(writer);
    }

    /// <inheritdoc/>
    public void Fail(SseWriter writer, ApiError error) => inner.Fail(writer, error);
}
