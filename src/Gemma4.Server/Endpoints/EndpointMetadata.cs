using Gemma4.Server.Errors;

namespace Gemma4.Server.Endpoints;

/// <summary>What every endpoint of the API tells the OpenAPI document.</summary>
internal static class EndpointMetadata
{
    private static readonly int[] Refusals =
    [
        StatusCodes.Status400BadRequest, StatusCodes.Status401Unauthorized, StatusCodes.Status403Forbidden, StatusCodes.Status404NotFound,
        StatusCodes.Status408RequestTimeout, StatusCodes.Status413PayloadTooLarge, StatusCodes.Status429TooManyRequests,
        StatusCodes.Status500InternalServerError, StatusCodes.Status503ServiceUnavailable,
    ];

    /// <summary>The answers that are not 2xx.</summary>
    public static RouteHandlerBuilder ProducesError(this RouteHandlerBuilder builder) => builder.ProducesError<ErrorResponse>();

    /// <summary>The same in the shape of another API.</summary>
    /// <typeparam name="T">The body of an error.</typeparam>
    public static RouteHandlerBuilder ProducesError<T>(this RouteHandlerBuilder builder)
    {
        foreach (int status in Refusals)
            builder.Produces<T>(status);
        return builder;
    }
}
