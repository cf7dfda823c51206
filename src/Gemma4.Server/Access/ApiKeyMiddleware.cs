using System.Security.Cryptography;
using System.Text;
using Gemma4.Server.Errors;
using Gemma4.Server.Settings;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Access;

/// <summary>Lets only requests with one of the configured keys through, where keys are configured.</summary>
/// <remarks>Stands behind routing. An endpoint is closed unless it is mapped with <c>AllowAnonymous()</c>, as health and the OpenAPI document are;
/// so are paths that lead nowhere. Preflights carry no key, and CORS has answered them before.</remarks>
internal sealed class ApiKeyMiddleware(RequestDelegate next, IOptions<ServerOptions> options)
{
    private readonly byte[][] _hashes = [.. options.Value.ApiKeys.Select(Hash)];

    public Task InvokeAsync(HttpContext context)
    {
        if (_hashes.Length == 0 || context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null)
            return next(context);
        string? key = KeyOf(context.Request);
        if (string.IsNullOrEmpty(key))
            throw new ApiException(Unauthorized(
                "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth " +
                "(i.e. Authorization: Bearer YOUR_KEY).", null));
        byte[] hash = Hash(key);
        if (!IsKnown(hash))
            throw new ApiException(Unauthorized($"Incorrect API key provided: {Masked(key)}.", "invalid_api_key"));
        context.Features.Set(new Caller(Convert.ToHexString(hash)));
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

    /// <summary>Compares with every key in constant time, so that time tells nothing.</summary>
    private bool IsKnown(byte[] hash)
    {
        bool known = false;
        foreach (byte[] candidate in _hashes)
            known |= CryptographicOperations.FixedTimeEquals(hash, candidate);
        return known;
    }

    private static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    private static string Masked(string key) => key.Length <= 8 ? "***" : $"{key[..3]}***{key[^1]}";

    private static ApiError Unauthorized(string message, string? code) =>
        new(StatusCodes.Status401Unauthorized, message, ApiError.InvalidRequest, null, code);
}
