using Gemma4.Server.Errors;

namespace Gemma4.Server.Anthropic;

/// <summary>Every answer of <c>/v1/messages</c> that is not 2xx has this body, and so has the <c>error</c> event of a stream.</summary>
/// <param name="Error">The error.</param>
/// <param name="RequestId">Names the request in the logs.</param>
internal sealed record MessageErrorResponse(MessageErrorBody Error, string? RequestId)
{
    /// <summary>Where that API is.</summary>
    public static PathString Path { get; } = "/v1/messages";

    /// <summary>Whether a request speaks that API: its own paths always, that of models where the client names that API's version.</summary>
    public static bool IsFor(HttpRequest request) => request.Path.StartsWithSegments(Path)
        || (request.Path.StartsWithSegments("/v1/models") && request.Headers.ContainsKey("anthropic-version"));

    /// <summary>Always <c>error</c>.</summary>
    public string Type { get; init; } = "error";

    public static MessageErrorResponse From(ApiError error, string? requestId)
    {
        string place = error.Param is null ? "" : $"{error.Param}: ";
        return new MessageErrorResponse(
            new MessageErrorBody(TypeOf(error.Status), place + error.Message) { Details = MessageErrorDetails.Of(error.Code) }, requestId);
    }

    private static string TypeOf(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => "authentication_error",
        StatusCodes.Status403Forbidden => "permission_error",
        StatusCodes.Status404NotFound => "not_found_error",
        StatusCodes.Status413PayloadTooLarge => "request_too_large",
        StatusCodes.Status429TooManyRequests => "rate_limit_error",
        StatusCodes.Status503ServiceUnavailable => "overloaded_error",
        >= 500 => "api_error",
        _ => "invalid_request_error",
    };
}

/// <summary>One error.</summary>
/// <param name="Type">Class of the error.</param>
/// <param name="Message">What is wrong, in words, the field at fault before them.</param>
internal sealed record MessageErrorBody(string Type, string Message)
{
    /// <summary>Of errors that clients act on; left out of the others.</summary>
    public MessageErrorDetails? Details { get; init; }
}

/// <summary>The exact error, where Anthropic's clients act on it.</summary>
/// <param name="ErrorCode">What happened.</param>
internal sealed record MessageErrorDetails(string ErrorCode)
{
    /// <summary>The SDK's tool runner then sends all messages each time.</summary>
    public const string NoThreads = "thread_unsupported_request";

    public static MessageErrorDetails? Of(string? code) => code == NoThreads ? new MessageErrorDetails(code) : null;
}
