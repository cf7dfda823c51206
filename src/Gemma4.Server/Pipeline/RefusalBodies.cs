using System.IO.Pipelines;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gemma4.Server.Pipeline;

/// <summary>Puts a <see cref="RefusalWriter"/> between the web server and each connection.</summary>
internal static class RefusalBodies
{
    public static void UseRefusalBodies(this ListenOptions endpoint) => endpoint.Use(next => async connection =>
    {
        IDuplexPipe transport = connection.Transport;
        var output = new RefusalWriter(transport.Output);
        connection.Features.Set(output);
        connection.Transport = new Duplex(transport.Input, output);
        try
        {
            await next(connection);
        }
        finally
        {
            connection.Transport = transport;
        }
    });

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
