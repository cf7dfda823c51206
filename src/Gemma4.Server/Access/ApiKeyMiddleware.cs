using System.Globalization;
using Gemma4.Server.Errors;
using Gemma4.Server.Limits;
using Microsoft.AspNetCore.Authorization;

namespace Gemma4.Server.Access;

/// <summary>Lets only requests with one of the configured keys through, where keys are configured, and only as many as the key's limits allow.</summary>
/// <remarks>Stands behind routing. An endpoint is closed unless it is mapped with <c>AllowAnonymous()</c>, as health and the OpenAPI document are;
/// so are paths that lead nowhere. Preflights carry no key, and CORS has answered them before. Limits count POSTs: what else there is costs nothing.
/// A batch's lines come without a key, which was asked for with the batch.</remarks>
internal sealed class ApiKeyMiddleware(RequestDelegate next, KeyRing keys)
{
    public Task InvokeAsync(HttpContext context, Allowance allowance)
    {
        if (context.Features.Get<BatchSender>() is { } batch)
        {
            context.Features.Set(batch.Caller);
            allowance.EnterBatch(keys.UsageOf(batch.Caller));
            return next(context);
        }
        if (!keys.IsRequired || context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null)
            return next(context);
        string? given = KeyOf(context.Request);
        if (string.IsNullOrEmpty(given))
            throw new ApiException(Unauthorized(
                "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth " +
                "(i.e. Authorization: Bearer YOUR_KEY).", null));
        (ApiKey key, KeyUsage usage) = keys.Find(given)
            ?? throw new ApiException(Unauthorized($"Incorrect API key provided: {Masked(given)}.", "invalid_api_key"));
        context.Features.Set(new Caller(key.Id));
        if (!HttpMethods.IsPost(context.Request.Method))
        {
            allowance.Name(usage);
            return next(context);
        }
        context.Response.OnStarting(() =>
        {
            Tell(context.Response.Headers, "requests", allowance.Requests);
            Tell(context.Response.Headers, "tokens", allowance.Tokens);
            return Task.CompletedTask;
        });
        allowance.Enter(usage);
        return next(context);
    }

    /// <summary>Bearer, or the header that Anthropic's clients send.</summary>
    private static string? KeyOf(HttpRequest request)
    {
        string authorization = request.Headers.Authorization.ToString();
        return authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
            ? authorization["Bearer ".Length..].Trim()
            : request.Headers["x-api-key"].ToString();
    }

    /// <summary>OpenAI's headers of a rate.</summary>
    private static void Tell(IHeaderDictionary headers, string what, RateState? state)
    {
        if (state is not { } rate)
            return;
        headers[$"x-ratelimit-limit-{what}"] = rate.Limit.ToString(CultureInfo.InvariantCulture);
        headers[$"x-ratelimit-remaining-{what}"] = rate.Remaining.ToString(CultureInfo.InvariantCulture);
        headers[$"x-ratelimit-reset-{what}"] = RateDuration.Text(rate.Reset);
    }

    private static string Masked(string key) => key.Length <= 8 ? "***" : $"{key[..3]}***{key[^1]}";

    private static ApiError Unauthorized(string message, string? code) =>
        new(StatusCodes.Status401Unauthorized, message, ApiError.InvalidRequest, null, code);
}
