using Gemma4.Server.Errors;
using Gemma4.Server.Settings;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Streaming;

/// <summary>A generation as a stream of server-sent events; ends the generation when the client leaves.</summary>
/// <remarks>
/// Nothing is sent before the first event or the first heartbeat, so that a request that fails at once still gets a status. Later
/// failures are an error frame, after which the connection is cut without its closing chunk: some clients ignore the frame, but
/// none takes a broken connection for a complete answer.
/// </remarks>
internal sealed class SseResult(IGeneration generation, IStreamFormat format) : IResult
{
    public async Task ExecuteAsync(HttpContext context)
    {
        await using IGeneration owned = generation;
        CancellationToken aborted = context.RequestAborted;
        IServiceProvider services = context.RequestServices;
        var heartbeat = TimeSpan.FromSeconds(services.GetRequiredService<IOptions<ServerOptions>>().Value.HeartbeatSeconds);
        using var writer = new SseWriter(context.Response.BodyWriter);
        using var reader = new GenerationReader(generation, heartbeat, services.GetRequiredService<TimeProvider>(), aborted);
        bool begun = false;
        try
        {
            while (await reader.ReadAsync())
            {
                if (!begun)
                {
                    Begin(context, format.ContentType);
                    format.Begin(writer);
                }
                begun = true;
                if (reader.Events.Count == 0)
                    format.Heartbeat(writer);
                else
                    format.Write(writer, reader.Events);
                await writer.FlushAsync(aborted);
            }
            await format.EndAsync(writer);
            await writer.FlushAsync(aborted);
        }
        catch (Exception exception) when (begun && !aborted.IsCancellationRequested)
        {
            format.Fail(writer, (exception as ApiException)?.Error ?? ErrorTable.Internal());
            await writer.FlushAsync(aborted);
            throw;
        }
    }

    /// <summary>The headers of a stream.</summary>
    public static void Begin(HttpContext context, string contentType)
    {
        HttpResponse response = context.Response;
        response.ContentType = contentType;
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no";
        context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
    }
}
