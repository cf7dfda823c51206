using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Gemma4.Server.Errors;
using Gemma4.Server.OpenAI;

namespace Gemma4.Server.Pipeline;

/// <summary>What a connection sends. Gives the refusals that the web server writes by itself, before there is a request, the API's error body.</summary>
/// <remarks>
/// Kestrel answers malformed requests (400, 408, 414, 431, 505) with a bare head and asks no one. Here everything that is written while no answer
/// of the application is under way passes through a buffer of its own, and a bare head of an error gets its body there. The application's
/// own answers are written straight on.
/// </remarks>
/// <param name="inner">The connection's output.</param>
internal sealed class RefusalWriter(PipeWriter inner) : PipeWriter
{
    private static readonly byte[] Http = "HTTP/1.1 "u8.ToArray();
    private static readonly byte[] NoBody = "Content-Length: 0\r\n"u8.ToArray();

    private readonly ArrayBufferWriter<byte> _own = new();
    private volatile bool _isAnswering;
    private bool _isOwn;

    /// <inheritdoc/>
    public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

    /// <inheritdoc/>
    public override long UnflushedBytes => inner.UnflushedBytes + _own.WrittenCount;

    /// <summary>From now on the application's answer is written.</summary>
    public void BeginAnswer() => _isAnswering = true;

    /// <summary>The application's answer has been written.</summary>
    public void EndAnswer() => _isAnswering = false;

    /// <inheritdoc/>
    public override Memory<byte> GetMemory(int sizeHint = 0) => (_isOwn = !_isAnswering) ? _own.GetMemory(sizeHint) : inner.GetMemory(sizeHint);

    /// <inheritdoc/>
    public override Span<byte> GetSpan(int sizeHint = 0) => (_isOwn = !_isAnswering) ? _own.GetSpan(sizeHint) : inner.GetSpan(sizeHint);

    /// <inheritdoc/>
    public override void Advance(int bytes)
    {
        if (_isOwn)
            _own.Advance(bytes);
        else
            inner.Advance(bytes);
    }

    /// <inheritdoc/>
    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        PassOn();
        return inner.FlushAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override void CancelPendingFlush() => inner.CancelPendingFlush();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null)
    {
        PassOn();
        inner.Complete(exception);
    }

    /// <inheritdoc/>
    public override ValueTask CompleteAsync(Exception? exception = null)
    {
        PassOn();
        return inner.CompleteAsync(exception);
    }

    private void PassOn()
    {
        if (_own.WrittenCount == 0)
            return;
        inner.Write(WithBody(_own.WrittenSpan));
        _own.ResetWrittenCount();
    }

    /// <summary>A bare head of an error with the body it should have; anything else as it is.</summary>
    private static ReadOnlySpan<byte> WithBody(ReadOnlySpan<byte> head)
    {
        int length = head.IndexOf(NoBody);
        if (!head.StartsWith(Http) || head[Http.Length] is not ((byte)'4' or (byte)'5') || length < 0)
            return head;
        int status = int.Parse(head.Slice(Http.Length, 3), CultureInfo.InvariantCulture);
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(ErrorResponse.From(ErrorTable.Malformed(status)), OpenAIJson.Context.ErrorResponse);
        byte[] fields = Encoding.ASCII.GetBytes(
            $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\nx-request-id: {RequestHeaders.NewId()}\r\n");
        return (byte[])[.. head[..length], .. fields, .. head[(length + NoBody.Length)..], .. body];
    }
}
