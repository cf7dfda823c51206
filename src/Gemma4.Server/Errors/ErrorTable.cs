using System.Diagnostics;
using Gemma4.Engine.Requests;

namespace Gemma4.Server.Errors;

/// <summary>The one table from what went wrong to status, type, code and param.</summary>
internal static class ErrorTable
{
    /// <summary>Seconds after which a refused client may try again.</summary>
    private const int RetryAfterSeconds = 1;

    public static ApiError From(RequestRejectedException rejection) => rejection.Reason switch
    {
        RejectionReason.InvalidRequest => ApiError.BadRequest(rejection.Message, rejection.Param, rejection.Code),
        RejectionReason.InvalidMedia => ApiError.BadRequest(rejection.Message, rejection.Param, rejection.Code),
        RejectionReason.ContextLengthExceeded =>
            ApiError.BadRequest(rejection.Message, rejection.Param ?? "messages", rejection.Code ?? "context_length_exceeded"),
        RejectionReason.QueueFull => new ApiError(
            StatusCodes.Status429TooManyRequests, rejection.Message, ApiError.RateLimit, null, "rate_limit_exceeded")
        { RetryAfterSeconds = Seconds(rejection.RetryAfter) },
        RejectionReason.Unavailable => Unavailable(rejection.Message),
        _ => throw new UnreachableException(),
    };

    /// <summary>Whole seconds, at least one: the header knows no less.</summary>
    private static int Seconds(TimeSpan? wait) => wait is { } given ? Math.Max(1, (int)Math.Ceiling(given.TotalSeconds)) : RetryAfterSeconds;

    /// <summary>What an answer without a body means, on any path.</summary>
    public static ApiError FromStatus(int status, HttpRequest request) => status switch
    {
        StatusCodes.Status404NotFound => new(status, $"Invalid URL ({request.Method} {request.Path})", ApiError.InvalidRequest),
        StatusCodes.Status405MethodNotAllowed => new(
            status, $"Not allowed to {request.Method} on {request.Path}.", ApiError.InvalidRequest, null, "method_not_allowed"),
        StatusCodes.Status413PayloadTooLarge => PayloadTooLarge(),
        StatusCodes.Status415UnsupportedMediaType => UnsupportedContentType(request),
        StatusCodes.Status503ServiceUnavailable => Unavailable("The server is not available now. Please try again."),
        >= 500 => Internal(status),
        _ => new(status, "The request was refused.", ApiError.InvalidRequest),
    };

    /// <summary>OpenAI answers 400, not 415.</summary>
    public static ApiError UnsupportedContentType(HttpRequest request) => ApiError.BadRequest(
        $"Unsupported content type: '{request.ContentType}'. This API method only accepts 'application/json' requests, " +
        "but you specified the header 'Content-Type: " + request.ContentType + "'. Please try again with a supported content type.",
        null, "unsupported_content_type");

    public static ApiError PayloadTooLarge() => new(
        StatusCodes.Status413PayloadTooLarge, "The request body is larger than this server accepts (option Server:MaxRequestBodyBytes).",
        ApiError.InvalidRequest, null, "request_too_large");

    public static ApiError Internal(int status = StatusCodes.Status500InternalServerError) => new(
        status, "The server had an error while processing your request. Sorry about that!", ApiError.ServerError);

    public static ApiError Unavailable(string message) =>
        new(StatusCodes.Status503ServiceUnavailable, message, ApiError.ServerError) { RetryAfterSeconds = RetryAfterSeconds };
}
