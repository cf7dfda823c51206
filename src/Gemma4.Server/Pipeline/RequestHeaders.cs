using System.Diagnostics;
using System.Globalization;

namespace Gemma4.Server.Pipeline;

/// <summary>Gives every answer an id, the client's own if it sent a short ASCII one, and the time it took to begin.</summary>
internal sealed class RequestHeaders(RequestDelegate next)
{
    private const int MaxIdLength = 128;

    public Task InvokeAsync(HttpContext context)
    {
        long began = Stopwatch.GetTimestamp();
        string? given = context.Request.Headers["X-Request-Id"];
        context.TraceIdentifier = IsUsable(given) ? given! : NewId();
        RefusalWriter? connection = context.Features.Get<RefusalWriter>();
        context.Response.OnStarting(() =>
        {
            connection?.BeginAnswer();
            IHeaderDictionary headers = context.Response.Headers;
            headers["x-request-id"] = context.TraceIdentifier;
            headers["openai-processing-ms"] =
                ((long)Stopwatch.GetElapsedTime(began).TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
            headers["openai-version"] = "2020-10-01";
            return Task.CompletedTask;
        });
        context.Response.OnCompleted(() =>
        {
            connection?.EndAnswer();
            return Task.CompletedTask;
        });
        return next(context);
    }

    /// <summary>An id for a request that brought none.</summary>
    public static string NewId() => $"req_{Guid.NewGuid():N}";

    private static bool IsUsable(string? id) => id is { Length: > 0 and <= MaxIdLength } && id.All(c => c is > ' ' and < '\x7f');
}
