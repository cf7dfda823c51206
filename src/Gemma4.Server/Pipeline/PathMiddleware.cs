namespace Gemma4.Server.Pipeline;

/// <summary>Serves clients whose base URL lacks <c>/v1</c>: all paths below it are served without it too.</summary>
internal sealed class PathMiddleware(RequestDelegate next)
{
    private static readonly PathString[] Unversioned = ["/audio", "/batches", "/chat/completions", "/completions", "/conversations", "/files", "/messages", "/models", "/responses"];

    public Task InvokeAsync(HttpContext context)
    {
        PathString path = context.Request.Path;
        if (Unversioned.Any(unversioned => path.StartsWithSegments(unversioned)))
            context.Request.Path = new PathString("/v1").Add(path);
        return next(context);
    }
}
