using System.Diagnostics;
using Gemma4.Engine.Requests;

namespace Gemma4.Server.Errors;

/// <summary>The one table from what went wrong to status, type, code and param.</summary>
internal static class ErrorTable
{
    /// <summary>After this time a refused client may try again.</summary>
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    public static ApiError From(RequestRejectedException rejection) => rejection.Reason switch
    {
        RejectionReason.InvalidRequest => ApiError.BadRequest(rejection.Message, rejection.Param, rejection.Code),
        RejectionReason.InvalidMedia => ApiError.BadRequest(rejection.Message, rejection.Param, rejection.Code),
        RejectionReason.ContextLengthExceeded =>
            ApiError.BadRequest(rejection.Message, rejection.Param ?? "messages", rejection.Code ?? "context_length_exceeded"),
        RejectionReason.QueueFull => new ApiError(
            StatusCodes.Status429TooManyRequests, rejection.Message, ApiError.RateLimit, null, "rate_limit_exceeded")
        { RetryAfter = rejection.RetryAfter ?? RetryAfter },
        RejectionReason.Unavailable => Unavailable(rejection.Message),
        _ => throw new UnreachableException(),
    };

    /// <summary>What an answer without a body means, on any path.</summary>
    public static ApiError FromStatus(int status, HttpRequest request) => status switch
    {
        StatusCodes.Status404NotFound => AbsentApis.Find(request) ?? new(status, $"Invalid URL ({request.Method} {request.Path})", ApiError.InvalidRequest),
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

    public static ApiError TooManyBodyBytes(long maximum) => TooManyRequests(
        $"The bodies of the requests being served are {maximum} bytes already, as many as may (option Server:MaxBodyBytesInFlight); try again later.");

    public static ApiError BodyTooSlow(TimeSpan patience) => new(
        StatusCodes.Status408RequestTimeout, $"The request's body did not arrive within {patience.TotalSeconds:0} s (option Server:BodySeconds).",
        ApiError.InvalidRequest, null, "request_timeout");

    /// <summary>No room for the request now, and none of it was read in vain.</summary>
    public static ApiError TooManyRequests(string message) =>
        new(StatusCodes.Status429TooManyRequests, message, ApiError.RateLimit, null, "rate_limit_exceeded") { RetryAfter = RetryAfter };

    /// <summary>A key's limit a minute is reached, in OpenAI's words.</summary>
    /// <param name="key">Its name.</param>
    /// <param name="what"><c>requests</c> or <c>tokens</c>.</param>
    /// <param name="limit">A minute.</param>
    /// <param name="used">Of it.</param>
    /// <param name="requested">What does not fit.</param>
    /// <param name="wait">Until it does.</param>
    public static ApiError RateReached(string key, string what, int limit, long used, long requested, TimeSpan wait) => OverLimit(
        $"Rate limit reached for key '{key}' on {what} per min: Limit {limit}, Used {used}, Requested {requested}. Please try again in {RateDuration.Text(wait)}.",
        what) with
    { RetryAfter = wait };

    /// <summary>More than a key's limit ever allows: to try again is of no use.</summary>
    public static ApiError MoreThanLimit(string key, string what, int limit, long requested) => OverLimit(
        $"Request too large for key '{key}' on {what} per min: Limit {limit}, Requested {requested}. The prompt or its maximum of output tokens must be smaller.",
        what) with
    { MayRetry = false };

    /// <summary>As many requests of a key are being served as may.</summary>
    public static ApiError TooManyAtOnce(string key, int limit, TimeSpan wait) => OverLimit(
        $"Rate limit reached for key '{key}' on concurrent requests: Limit {limit}, Used {limit}, Requested 1. Please try again when one of them has ended.",
        "requests") with
    { RetryAfter = wait };

    private static ApiError OverLimit(string message, string what) =>
        new(StatusCodes.Status429TooManyRequests, message, what, null, "rate_limit_exceeded");

    /// <summary>The page of another site, or a name that leads here and is not this server's: what DNS rebinding sends.</summary>
    public static ApiError ForeignSite(string header, string given) => new(
        StatusCodes.Status403Forbidden,
        $"The {header} header names '{(given.Length <= 100 ? given : given[..100] + "…")}', which is no name of this server. Without an API key only "
        + "this machine's own pages may call it. Name it with " + (header == "Host" ? "--allowed-hosts" : "--allowed-hosts or --cors-origins")
        + ", or set a key with --api-key.",
        ApiError.InvalidRequest, null, header == "Host" ? "host_not_allowed" : "origin_not_allowed");

    /// <summary>What the web server itself refuses before there is a request.</summary>
    public static ApiError Malformed(int status) => new(
        status,
        status switch
        {
            StatusCodes.Status400BadRequest => "The request is not valid HTTP/1.1: its request line, a header or the framing of its body is malformed.",
            StatusCodes.Status405MethodNotAllowed => "Not allowed to use this method on this target.",
            StatusCodes.Status408RequestTimeout => "The request's headers did not arrive in time.",
            StatusCodes.Status411LengthRequired => "The request's body must announce its length or come in chunks.",
            StatusCodes.Status413PayloadTooLarge => "The request body is larger than this server accepts.",
            StatusCodes.Status414UriTooLong => "The request line is longer than this server accepts.",
            StatusCodes.Status431RequestHeaderFieldsTooLarge => "The request's headers are more or longer than this server accepts.",
            StatusCodes.Status505HttpVersionNotsupported => "This server speaks HTTP/1.1 and HTTP/1.0 only.",
            _ => "The request was refused.",
        },
        status >= 500 && status != StatusCodes.Status505HttpVersionNotsupported ? ApiError.ServerError : ApiError.InvalidRequest);

    public static ApiError Internal(int status = StatusCodes.Status500InternalServerError) => new(
        status, "The server had an error while processing your request. Sorry about that!", ApiError.ServerError);

    public static ApiError Unavailable(string message) =>
        new(StatusCodes.Status503ServiceUnavailable, message, ApiError.ServerError) { RetryAfter = RetryAfter };
}
