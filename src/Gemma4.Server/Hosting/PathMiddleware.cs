namespace Gemma4.Server.Hosting;

/// <summary>Serves clients whose base URL lacks <c>/v1</c>, and answers preflights where CORS is off: without CORS headers, so that
/// browsers still refuse, but without an error either.</summary>
internal sealed class PathMiddleware(RequestDelegate next)
{
    private static readonly PathString[] Unversioned = ["/chat/completions", "/completions", "/models", "/responses"];

    public Task InvokeAsync(HttpContext context)
    {
        PathString path = context.Request.Path;
        if (HttpMethods.IsOptions(context.Request.Method))
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            context.Response.Headers.Allow = "GET, POST, DELETE, OPTIONS";
            return Task.CompletedTask;
        }
        if (Unversioned.Any(unversioned => path.StartsWithSegments(unversioned)))
            context.Request.Path = new PathString("/v1").Add(path);
        return next(context);
    }
}
