using Gemma4.Server.Errors;
using Gemma4.Server.Limits;
using Gemma4.Server.Settings;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Pipeline;

/// <summary>Bounds the bytes of all request bodies that the server holds at once, whatever the number of requests.</summary>
/// <remarks>A body that is announced to be larger than what is left is refused before it is read; others as soon as they pass it.</remarks>
internal sealed class BodyAdmission(RequestDelegate next, IOptions<ServerOptions> options, TimeProvider time)
{
    private readonly ByteBudget _budget = new(options.Value.MaxBodyBytesInFlight);
    private readonly TimeSpan _patience = TimeSpan.FromSeconds(options.Value.BodySeconds);

    public async Task InvokeAsync(HttpContext context)
    {
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == false)
        {
            await next(context);
            return;
        }
        // One that is larger than any body may be gets its 413 when it is read.
        if (context.Request.ContentLength is long announced && announced <= options.Value.MaxRequestBodyBytes && !_budget.HasRoomFor(announced))
            throw new ApiException(ErrorTable.TooManyBodyBytes(_budget.MaxBytes));
        Stream original = context.Request.Body;
        using var body = new CountedBody(original, _budget, _patience, time);
        context.Request.Body = body;
        try
        {
            await next(context);
        }
        finally
        {
            context.Request.Body = original;
        }
    }

    /// <summary>Ends the counting of a request's body before its answer does: for those who keep nothing of it while they answer.</summary>
    public static void Release(HttpContext context) => (context.Request.Body as CountedBody)?.Release();

    /// <summary>Counts of a request's body only what was read last: for those who pass its bytes on as they come.</summary>
    public static void PassOn(HttpContext context)
    {
        if (context.Request.Body is CountedBody body)
            body.IsPassedOn = true;
    }
}
