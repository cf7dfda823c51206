using Gemma4.Server.Errors;
using Gemma4.Server.OpenAI;
using Gemma4.Server.OpenAI.Completions;
using Gemma4.Server.Streaming;

namespace Gemma4.Server.Mapping.Completions;

/// <summary>Frames of a streamed text completion, which look like the whole answer.</summary>
internal sealed class CompletionStreamFormat(AnswerHead head, CompletionChoices choices, StreamOptions? options, Func<Usage> usage) : IStreamFormat
{
    /// <inheritdoc/>
    public void Begin(SseWriter writer)
    {
    }

    /// <inheritdoc/>
    public void Write(SseWriter writer, IReadOnlyList<SequenceEvent> events)
    {
        foreach (TextChoice choice in events.SelectMany(choices.Map))
            Send(writer, [choice], options?.ContinuousUsageStats == true ? usage() : null);
    }

    /// <inheritdoc/>
    public ValueTask EndAsync(SseWriter writer)
    {
        if (options?.IncludeUsage == true)
            Send(writer, [], usage());
        writer.Done();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public void Fail(SseWriter writer, ApiError error) => writer.Frame(ErrorResponse.From(error), OpenAIJson.Context.ErrorResponse);

    private void Send(SseWriter writer, TextChoice[] pieces, Usage? counts)
    {
        if (options?.IncludeUsage == true)
            writer.Frame(TextCompletions.WithUsage(head, pieces, counts), OpenAIJson.Context.TextCompletionWithUsage);
        else
            writer.Frame(TextCompletions.Plain(head, pieces), OpenAIJson.Context.TextCompletion);
    }
}
