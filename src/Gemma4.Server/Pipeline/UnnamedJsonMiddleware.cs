using Gemma4.Server.Ollama;

namespace Gemma4.Server.Pipeline;

/// <summary>Takes bodies of Ollama's API for JSON that do not say so: its own documentation has them sent by curl, which calls what it is told nothing of
/// a form. From a page, which could send a form to any server without being asked, they are refused.</summary>
/// <remarks>Stands before routing, which goes by content types too.</remarks>
internal sealed class UnnamedJsonMiddleware(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        bool isUnnamed = request.ContentType is null or "application/x-www-form-urlencoded";
        if (isUnnamed && request.Path.StartsWithSegments(OllamaErrorResponse.Path) && !request.Headers.ContainsKey("Origin"))
            request.ContentType = "application/json";
        return next(context);
    }
}
