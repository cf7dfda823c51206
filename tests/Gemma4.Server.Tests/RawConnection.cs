using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Gemma4.Server.Tests;

/// <summary>A socket to a server: sends bytes as they are, which no HTTP client would.</summary>
internal sealed class RawConnection : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly NetworkStream _stream;

    /// <summary>What came and is not an answer that was read.</summary>
    private readonly List<byte> _received = [];

    private RawConnection(NetworkStream stream) => _stream = stream;

    /// <summary>Connects to a server that listens on a socket.</summary>
    public static async Task<RawConnection> ToAsync(Uri server)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(new DnsEndPoint(server.Host, server.Port), TestContext.Current.CancellationToken);
        return new RawConnection(new NetworkStream(socket, ownsSocket: true));
    }

    /// <summary>Sends one request on a connection of its own and reads the answer.</summary>
    public static async Task<RawAnswer> AskAsync(Uri server, string request)
    {
        await using RawConnection connection = await ToAsync(server);
        await connection.SendAsync(request);
        return await connection.ReadAsync();
    }

    /// <summary>Sends text, one byte a character.</summary>
    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    /// <summary>Sends bytes. A server that has answered and gone is no fault: its answer is what counts.</summary>
    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            await _stream.WriteAsync(bytes, TestContext.Current.CancellationToken);
        }
        catch (IOException)
        {
        }
    }

    /// <summary>Reads one answer, whose length its head must tell.</summary>
    public async Task<RawAnswer> ReadAsync()
    {
        int end;
        while ((end = Text().IndexOf("\r\n\r\n", StringComparison.Ordinal)) < 0)
            await ReceiveAsync();
        string head = Text()[..end];
        int length = head.Split("\r\n").Where(l => l.StartsWith("Content-Length: ", StringComparison.OrdinalIgnoreCase))
            .Select(l => int.Parse(l["Content-Length: ".Length..], System.Globalization.CultureInfo.InvariantCulture)).DefaultIfEmpty(-1).Single();
        if (length < 0 && head.Contains("chunked", StringComparison.OrdinalIgnoreCase))
            return await ReadChunksAsync(head, end + 4);
        while (_received.Count < end + 4 + Math.Max(0, length))
            await ReceiveAsync();
        string body = Encoding.UTF8.GetString([.. _received.Skip(end + 4).Take(Math.Max(0, length))]);
        _received.RemoveRange(0, end + 4 + Math.Max(0, length));
        return new RawAnswer(head, body);
    }

    /// <summary>Whether the server closes the connection, having sent nothing more.</summary>
    public async Task<bool> IsClosedAsync()
    {
        try
        {
            return _received.Count == 0 && await _stream.ReadAsync(new byte[1], TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience) == 0;
        }
        catch (IOException)
        {
            return true;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    private async Task<RawAnswer> ReadChunksAsync(string head, int at)
    {
        var body = new List<byte>();
        while (true)
        {
            int line;
            while ((line = Text().IndexOf("\r\n", at, StringComparison.Ordinal)) < 0)
                await ReceiveAsync();
            int size = Convert.ToInt32(Text()[at..line], 16);
            at = line + 2 + size + 2;
            while (_received.Count < at)
                await ReceiveAsync();
            if (size == 0)
                break;
            body.AddRange(_received.Skip(line + 2).Take(size));
        }
        _received.RemoveRange(0, at); // what follows is the next answer
        return new RawAnswer(head, Encoding.UTF8.GetString([.. body]));
    }

    private string Text() => Encoding.Latin1.GetString([.. _received]);

    private async Task ReceiveAsync()
    {
        byte[] buffer = new byte[65536];
        int read = await _stream.ReadAsync(buffer, TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience);
        Assert.True(read > 0, $"The server closed the connection without a whole answer; it had sent: {Text()}");
        _received.AddRange(buffer.AsSpan(0, read));
    }
}

/// <summary>An answer as it came.</summary>
/// <param name="Head">Status line and headers.</param>
/// <param name="Body">The body.</param>
internal sealed record RawAnswer(string Head, string Body)
{
    /// <summary>The status.</summary>
    public int Status => int.Parse(Head.AsSpan(9, 3), System.Globalization.CultureInfo.InvariantCulture);

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
