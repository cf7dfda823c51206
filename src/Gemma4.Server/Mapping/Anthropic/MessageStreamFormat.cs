using Gemma4.Server.Anthropic;
using Gemma4.Server.Errors;
using Gemma4.Server.Streaming;

namespace Gemma4.Server.Mapping.Anthropic;

/// <summary>A message's events, each under its name.</summary>
/// <param name="start">The message without content; its counts are those at the start.</param>
/// <param name="usage">Counts tokens up to now.</param>
internal sealed class MessageStreamFormat(Func<MessageResponse> start, Func<MessageUsage> usage) : IStreamFormat
{
    private readonly List<MessageEvent> _events = [];
    private MessageAssembler? _assembler;

    private MessageAssembler Assembler => _assembler ??= new MessageAssembler(_events.Add);

    /// <inheritdoc/>
    public void Begin(SseWriter writer)
    {
        _events.Add(new MessageEvent { Type = "message_start", Message = start() });
        Send(writer);
    }

    /// <inheritdoc/>
    public void Write(SseWriter writer, IReadOnlyList<SequenceEvent> events)
    {
        foreach (SequenceEvent item in events)
            Assembler.Add(item);
        Send(writer);
    }

    /// <inheritdoc/>
    public ValueTask EndAsync(SseWriter writer)
    {
        var end = new MessageEndEvent(Assembler.End!, usage());
        writer.Frame(end.Type, end, AnthropicJson.Context.MessageEndEvent);
        _events.Add(new MessageEvent { Type = "message_stop" });
        Send(writer);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public void Fail(SseWriter writer, ApiError error) =>
        writer.Frame("error", MessageErrorResponse.From(error, null), AnthropicJson.Context.MessageErrorResponse);

    private void Send(SseWriter writer)
    {
        foreach (MessageEvent streamEvent in _events)
            writer.Frame(streamEvent.Type, streamEvent, AnthropicJson.Context.MessageEvent);
        _events.Clear();
    }
}
