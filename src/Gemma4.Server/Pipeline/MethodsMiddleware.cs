namespace Gemma4.Server.Pipeline;

/// <summary>Answers <c>OPTIONS</c> with the methods of the path. A preflight from a page that CORS does not allow ends here too: without
/// CORS headers, so that browsers still refuse, but without an error either.</summary>
/// <remarks>Stands behind routing, which has no endpoint for the method and so has chosen its own, which knows those that there are.</remarks>
internal sealed class MethodsMiddleware(RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (!HttpMethods.IsOptions(context.Request.Method) || context.GetEndpoint()?.RequestDelegate is not { } answer)
        {
            await next(context);
            return;
        }
        await answer(context);
        if (context.Response.StatusCode != StatusCodes.Status405MethodNotAllowed)
            return;
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        context.Response.Headers.Allow = $"{context.Response.Headers.Allow}, {HttpMethods.Options}";
    }
}
