using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Gemma4.Server.Tests.Terminal;

/// <summary>A server that answers every GET with one text and every POST with another.</summary>
internal sealed class StubServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();

    public StubServer(string get, string post)
    {
        _listener.Start();
        _ = ServeAsync(get, post);
    }

    public Uri Address => new($"http://{_listener.LocalEndpoint}");

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task ServeAsync(string get, string post)
    {
        while (true)
        {
            using Socket socket = await _listener.AcceptSocketAsync(_stop.Token);
            byte[] request = new byte[64 << 10];
            int length = await socket.ReceiveAsync(request, _stop.Token);
            bool isGet = Encoding.ASCII.GetString(request, 0, length).StartsWith("GET", StringComparison.Ordinal);
            byte[] body = Encoding.UTF8.GetBytes(isGet ? get : post);
            await socket.SendAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n"), _stop.Token);
            await socket.SendAsync(body, _stop.Token);
            socket.Shutdown(SocketShutdown.Send);
            await socket.ReceiveAsync(request, _stop.Token);
        }
    }
}
