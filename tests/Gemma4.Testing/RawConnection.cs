using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Gemma4.Testing;

/// <summary>A connection that sends what HTTP clients would not, and sees whether an answer is whole.</summary>
internal sealed class RawConnection : IDisposable, IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly List<byte> _received = [];

    private RawConnection()
    {
    }

    /// <summary>Connects.</summary>
    /// <param name="server">Where it listens.</param>
    /// <param name="receiveBuffer">Small for a client that takes little.</param>
    public static async Task<RawConnection> OpenAsync(Uri server, CancellationToken cancellationToken, int? receiveBuffer = null)
    {
        var connection = new RawConnection();
        if (receiveBuffer is { } size)
            connection._socket.ReceiveBufferSize = size;
        await connection._socket.ConnectAsync(server.Host, server.Port, cancellationToken);
        return connection;
    }

    /// <summary>Connects, for as long as the test runs.</summary>
    public static Task<RawConnection> ToAsync(Uri server) => OpenAsync(server, TestContext.Current.CancellationToken);

    /// <summary>Sends one request on a connection of its own and reads the answer.</summary>
    public static async Task<RawAnswer> AskAsync(Uri server, string request)
    {
        using RawConnection connection = await ToAsync(server);
        await connection.WriteAsync(request);
        return await connection.ReadAsync();
    }

    /// <summary>A POST of JSON, with as many of its bytes as asked for.</summary>
    public static string Post(string path, string body, int? announced = null) =>
        $"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {announced ?? Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}";

    /// <summary>A GET.</summary>
    public static string Get(string path) => $"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n";

    /// <summary>Sends bytes.</summary>
    public async Task SendAsync(byte[] bytes, CancellationToken cancellationToken) => await _socket.SendAsync(bytes, cancellationToken);

    /// <summary>Sends text, one byte a character below 256.</summary>
    public Task SendAsync(string text, CancellationToken cancellationToken) => SendAsync(Encoding.Latin1.GetBytes(text), cancellationToken);

    /// <summary>Sends text, one byte a character. A server that has answered and gone is no fault: its answer is what counts.</summary>
    public Task WriteAsync(string text) => WriteAsync(Encoding.Latin1.GetBytes(text));

    /// <summary>Sends bytes likewise.</summary>
    public async Task WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            await _socket.SendAsync(bytes, TestContext.Current.CancellationToken);
        }
        catch (SocketException)
        {
        }
    }

    /// <summary>Reads one whole answer; the test fails where none comes.</summary>
    public async Task<RawAnswer> ReadAsync()
    {
        RawAnswer answer = await ReceiveAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.True(answer.IsWhole, $"The server closed the connection without a whole answer; it had sent: {answer.Head}{answer.Body}");
        return answer;
    }

    /// <summary>Whether the server closes the connection, having sent nothing more.</summary>
    public async Task<bool> IsClosedAsync()
    {
        try
        {
            return _received.Count == 0 && !await ReadMoreAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
        }
        catch (SocketException)
        {
            return true;
        }
    }

    /// <summary>Reads until the answer so far has this text in it.</summary>
    public async Task ReceiveUntilAsync(string text, CancellationToken cancellationToken)
    {
        while (!Text().Contains(text, StringComparison.Ordinal))
        {
            if (!await ReadMoreAsync(cancellationToken))
                throw new IOException($"closed before '{text}': {Text()}");
        }
    }

    /// <summary>Reads one answer to its end, or to the end of the connection.</summary>
    /// <returns>The answer; status 0 when the connection ended without one.</returns>
    public async Task<RawAnswer> ReceiveAsync(CancellationToken cancellationToken)
    {
        bool isOpen = true;
        while (true)
        {
            if (TryTake(isOpen, out RawAnswer? answer))
                return answer!;
            try
            {
                isOpen = await ReadMoreAsync(cancellationToken);
            }
            catch (SocketException exception)
            {
                return new RawAnswer(0, exception.SocketErrorCode.ToString(), Text(), IsWhole: false, WasReset: true);
            }
        }
    }

    /// <summary>Closes with a reset, as a client does that is killed.</summary>
    public void Reset()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Close();
    }

    /// <summary>Closes as a client does that leaves.</summary>
    public void Dispose() => _socket.Dispose();

    /// <summary>The same.</summary>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<bool> ReadMoreAsync(CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[65536];
        int read = await _socket.ReceiveAsync(buffer, cancellationToken);
        _received.AddRange(buffer.AsSpan(0, read));
        return read > 0;
    }

    private string Text() => Encoding.UTF8.GetString([.. _received]);

    private bool TryTake(bool isOpen, out RawAnswer? answer)
    {
        answer = null;
        string text = Encoding.Latin1.GetString([.. _received]);
        int end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (end < 0)
        {
            answer = isOpen ? null : new RawAnswer(0, "", text, IsWhole: false, WasReset: false);
            return !isOpen;
        }
        string head = text[..end], rest = text[(end + 4)..];
        int status = int.Parse(head.Split(' ')[1], CultureInfo.InvariantCulture);
        (int length, string body)? whole = Body(head, rest);
        if (whole is null && isOpen)
            return false;
        int taken = end + 4 + (whole?.length ?? rest.Length);
        _received.RemoveRange(0, Math.Min(taken, _received.Count));
        answer = new RawAnswer(status, head, Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(whole?.body ?? rest)), whole is not null, WasReset: false);
        return true;
    }

    /// <summary>The body and how many bytes it takes; null while it is not whole.</summary>
    private static (int Length, string Body)? Body(string head, string rest)
    {
        string? Header(string name) => head.Split("\r\n").FirstOrDefault(l => l.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))?[(name.Length + 1)..].Trim();
        if (Header("transfer-encoding") == "chunked")
            return Chunks(rest);
        int length = int.Parse(Header("content-length") ?? "0", CultureInfo.InvariantCulture);
        return rest.Length < length ? null : (length, rest[..length]);
    }

    private static (int Length, string Body)? Chunks(string rest)
    {
        var body = new StringBuilder();
        int at = 0;
        while (rest.IndexOf("\r\n", at, StringComparison.Ordinal) is >= 0 and int line)
        {
            int size = int.Parse(rest[at..line], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (line + 2 + size + 2 > rest.Length)
                return null;
            body.Append(rest, line + 2, size);
            at = line + 2 + size + 2;
            if (size == 0)
                return (at, body.ToString());
        }
        return null;
    }
}

/// <summary>What came back.</summary>
/// <param name="Status">The status; 0 when there was none.</param>
/// <param name="Head">Status line and headers.</param>
/// <param name="Body">The body so far.</param>
/// <param name="IsWhole">Whether the body's end was seen.</param>
/// <param name="WasReset">Whether the connection was reset.</param>
internal sealed record RawAnswer(int Status, string Head, string Body, bool IsWhole, bool WasReset)
{
    /// <summary>The error object; the test fails where there is none of the API's shape.</summary>
    public JsonElement Error()
    {
        Assert.Contains("Content-Type: application/json", Head, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("x-request-id: req_", Head, StringComparison.OrdinalIgnoreCase);
        JsonElement error = JsonElement.Parse(Body).GetProperty("error");
        Assert.Equal(["message", "type", "param", "code"], error.EnumerateObject().Select(p => p.Name));
        Assert.NotEmpty(error.GetProperty("message").GetString()!);
        return error;
    }
}
