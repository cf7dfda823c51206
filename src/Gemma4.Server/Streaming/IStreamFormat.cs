using Gemma4.Server.Errors;

namespace Gemma4.Server.Streaming;

/// <summary>How one API writes a generation as a stream: server-sent events, or lines of JSON. One instance serves one stream.</summary>
internal interface IStreamFormat
{
    /// <summary>What the stream is.</summary>
    string ContentType => "text/event-stream; charset=utf-8";

    /// <summary>Frames before the first event.</summary>
    void Begin(SseWriter writer);

    /// <summary>Frames of what is new.</summary>
    void Write(SseWriter writer, IReadOnlyList<SequenceEvent> events);

    /// <summary>What keeps the connection alive and means nothing.</summary>
    void Heartbeat(SseWriter writer) => writer.Heartbeat();

    /// <summary>Frames after the last event. Where the answer is kept, it waits for that.</summary>
    ValueTask EndAsync(SseWriter writer);

    /// <summary>The frame of an error after the stream began.</summary>
    void Fail(SseWriter writer, ApiError error);
}
