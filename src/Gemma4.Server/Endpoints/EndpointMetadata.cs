using Gemma4.Server.Errors;

namespace Gemma4.Server.Endpoints;

/// <summary>What every endpoint of the API tells the OpenAPI document.</summary>
internal static class EndpointMetadata
{
    /// <summary>The answers that are not 2xx.</summary>
    public static RouteHandlerBuilder ProducesError(this RouteHandlerBuilder builder) => builder
        .Produces<ErrorResponse>(StatusCodes.Status400BadRequest)
        .Produces<ErrorResponse>(StatusCodes.Status401Unauthorized)
        .Produces<ErrorResponse>(StatusCodes.Status404NotFound)
        .Produces<ErrorResponse>(StatusCodes.Status429TooManyRequests)
        .Produces<ErrorResponse>(StatusCodes.Status500InternalServerError)
        .Produces<ErrorResponse>(StatusCodes.Status503ServiceUnavailable);
}
