using Gemma4.Server.Errors;
using Gemma4.Server.Mapping.OpenAI;
using Gemma4.Server.OpenAI;
using Gemma4.Server.OpenAI.Responses;
using Gemma4.Server.Streaming;

namespace Gemma4.Server.Mapping.Responses;

/// <summary>A response's events, each under its name and numbered; no <c>[DONE]</c>.</summary>
/// <param name="run">Makes the response.</param>
/// <param name="keep">Keeps the whole response, and says whether it is kept.</param>
internal sealed class ResponseStreamFormat(ResponseRun run, Func<ResponseObject, ValueTask<ResponseObject>> keep) : IStreamFormat
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
    public async ValueTask EndAsync(SseWriter writer)
    {
        Assembler.End(await keep(run.Finish(Assembler)));
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
