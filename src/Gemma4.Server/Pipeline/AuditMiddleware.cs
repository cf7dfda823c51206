using Gemma4.Server.Limits;
using Gemma4.Server.Streaming;
using Microsoft.AspNetCore.Authorization;

namespace Gemma4.Server.Pipeline;

/// <summary>Notes every request in the <see cref="AuditLog"/> but those that need no key wherever keys are set: health, the page, the documentation.</summary>
internal sealed class AuditMiddleware(RequestDelegate next, AuditLog audit, TimeProvider time)
{
    public async Task InvokeAsync(HttpContext context, Allowance allowance, RequestTokens tokens)
    {
        DateTimeOffset came = time.GetUtcNow();
        long began = time.GetTimestamp();
        await next(context); // errors have become answers further in
        if (context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null)
            return;
        TokenCounts? counts = tokens.Count();
        await audit.AddAsync(new AuditEntry(
            came, context.TraceIdentifier, allowance.KeyName, context.Request.Method, (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText, allowance.Model,
            context.Response.StatusCode, counts?.Input ?? 0, counts?.Output ?? 0, (long)time.GetElapsedTime(began).TotalMilliseconds));
    }
}
