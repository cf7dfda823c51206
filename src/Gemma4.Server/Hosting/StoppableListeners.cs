using System.Net;
using Gemma4.Server.Serving;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Gemma4.Server.Hosting;

/// <summary>Kestrel's sockets, which stop listening when the drain begins while their open connections live on.</summary>
/// <remarks>Kestrel's own way to stop listening also closes the connections: at once those that are idle, after its own time limit the others.</remarks>
internal sealed class StoppableListeners(SocketTransportFactory sockets, Drain drain) : IConnectionListenerFactory
{
    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        new Listener(await sockets.BindAsync(endpoint, cancellationToken), drain);

    private sealed class Listener : IConnectionListener
    {
        private readonly IConnectionListener _inner;
        private readonly CancellationTokenRegistration _closing;

        public Listener(IConnectionListener inner, Drain drain)
        {
            _inner = inner;
            _closing = drain.Begun.UnsafeRegister(static listener => _ = ((IConnectionListener)listener!).UnbindAsync().AsTask(), inner);
        }

        public EndPoint EndPoint => _inner.EndPoint;

        /// <summary>The next connection; null when there will be none.</summary>
        public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) => _inner.AcceptAsync(cancellationToken);

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => _inner.UnbindAsync(cancellationToken);

        public async ValueTask DisposeAsync()
        {
            await _closing.DisposeAsync();
            await _inner.DisposeAsync();
        }
    }
}
