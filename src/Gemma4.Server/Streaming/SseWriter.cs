using System.IO.Pipelines;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Gemma4.Server.Streaming;

/// <summary>Writes server-sent events: LF line ends, one <c>data:</c> line a frame, nothing but what clients are known to read.</summary>
internal sealed class SseWriter(PipeWriter output) : IDisposable
{
    private readonly Utf8JsonWriter _json = new(output, new JsonWriterOptions
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    });

    /// <summary>A frame with a JSON value.</summary>
    public void Frame<T>(T value, JsonTypeInfo<T> type)
    {
        Write("data: "u8);
        _json.Reset(output);
        JsonSerializer.Serialize(_json, value, type);
        _json.Flush();
        Write("\n\n"u8);
    }

    /// <summary>A frame with a JSON value and the event's name before it.</summary>
    public void Frame<T>(string name, T value, JsonTypeInfo<T> type)
    {
        Write("event: "u8);
        Write(System.Text.Encoding.UTF8.GetBytes(name));
        Write("\n"u8);
        Frame(value, type);
    }

    /// <summary>A line of JSON, for an API whose streams are such.</summary>
    public void Line<T>(T value, JsonTypeInfo<T> type)
    {
        _json.Reset(output);
        JsonSerializer.Serialize(_json, value, type);
        _json.Flush();
        Write("\n"u8);
    }

    /// <summary>The frame that ends streams of OpenAI's older APIs; clients compare its bytes.</summary>
    public void Done() => Write("data: [DONE]\n\n"u8);

    /// <summary>Bytes that keep the connection alive and mean nothing.</summary>
    public void Heartbeat() => Write(": keep-alive\n\n"u8);

    /// <summary>Sends what was written; waits while the client does not read.</summary>
    public ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken) => output.FlushAsync(cancellationToken);

    public void Dispose() => _json.Dispose();

    private void Write(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(output.GetSpan(bytes.Length));
        output.Advance(bytes.Length);
    }
}
