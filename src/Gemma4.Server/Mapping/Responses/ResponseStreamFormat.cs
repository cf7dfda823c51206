using Gemma4.Server.Errors;
using Gemma4.Server.Mapping.OpenAI;
using Gemma4.Server.OpenAI;
using Gemma4.Server.OpenAI.Responses;
using Gemma4.Server.Streaming;

namespace Gemma4.Server.Mapping.Responses;

/// <summary>A response's events, each under its name and numbered; no <c>[DONE]</c>.</summary>
/// <param name="run">Makes the response.</param>
/// <param name="end">Ends the assembled response.</param>
internal sealed class ResponseStreamFormat(ResponseRun run, Action<ResponseAssembler> end) : IStreamFormat
{
    private readonly List<ResponseStreamEvent> _events = [];
    private ResponseAssembler? _assembler;

    private ResponseAssembler Assembler => _assembler ??= run.Assembler(_events.Add);

    /// <inheritdoc/>
    public void Begin(SseWriter writer)
    {
        Assembler.Begin();
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
    public void End(SseWriter writer)
    {
        end(Assembler);
        Send(writer);
    }

    /// <inheritdoc/>
    public void Fail(SseWriter writer, ApiError error)
    {
        Assembler.Fail(error);
        Send(writer);
    }

    private void Send(SseWriter writer)
    {
        foreach (ResponseStreamEvent streamEvent in _events)
            writer.Frame(streamEvent.Type, streamEvent, OpenAIJson.Context.ResponseStreamEvent);
        _events.Clear();
    }
}
