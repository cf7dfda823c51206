using System.Net;
using System.Net.Sockets;
using System.Text;
using Gemma4.Server.Media;

namespace Gemma4.Server.Tests.Media;

/// <summary>A web site on this machine that names and connections are led to; each connection gets the next of its answers.</summary>
internal sealed class TestSite : IAsyncDisposable
{
    /// <summary>Where its names lead.</summary>
    public const string PublicAddress = "93.184.216.34";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly string[] _answers;
    private readonly Task _serving;
    private readonly CancellationTokenSource _stop = new();

    public TestSite(params string[] answers)
    {
        _answers = answers;
        _listener.Start();
        _serving = ServeAsync();
    }

    public string Addresses { get; set; } = PublicAddress;

    /// <summary>Says no more after its answer, and does not hang up.</summary>
    public bool Hangs { get; init; }

    /// <summary>Sends another byte ten times a second.</summary>
    public bool Drips { get; init; }

    /// <summary>Sent after the answer.</summary>
    public byte[] Body { get; init; } = [];

    public int Connections { get; private set; }

    public List<string> Resolved { get; } = [];

    public List<string> Connected { get; } = [];

    public List<string> Requests { get; } = [];

    public MediaFetcher Fetcher(MediaAccessOptions options) => new(
        options,
        TimeProvider.System,
        (host, _) =>
        {
            Resolved.Add(host);
            return Task.FromResult(Addresses.Split(',').Select(IPAddress.Parse).ToArray());
        },
        async (endPoint, cancellationToken) =>
        {
            Connected.Add(endPoint.ToString());
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(_listener.LocalEndpoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        });

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        for (int i = 0; ; i++)
        {
            using Socket socket = await _listener.AcceptSocketAsync(_stop.Token);
            Connections++;
            var request = new byte[8192];
            int length = await socket.ReceiveAsync(request, _stop.Token);
            Requests.Add(Encoding.ASCII.GetString(request, 0, length));
            try
            {
                string answer = _answers[Math.Min(i, _answers.Length - 1)].Replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n", StringComparison.Ordinal);
                await socket.SendAsync(Encoding.ASCII.GetBytes(answer), _stop.Token);
                await socket.SendAsync(Body, _stop.Token);
                while (Drips)
                {
                    await Task.Delay(100, _stop.Token);
                    await socket.SendAsync(new byte[1], _stop.Token);
                }
                if (Hangs)
                    await Task.Delay(Timeout.Infinite, _stop.Token);
                socket.Shutdown(SocketShutdown.Send);
            }
            catch (SocketException)
            {
                // The fetcher hung up on purpose.
            }
        }
    }
}
