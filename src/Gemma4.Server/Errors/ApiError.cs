namespace Gemma4.Server.Errors;

/// <summary>A refusal or a fault as the API tells it: one HTTP status and one error object.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Message">What is wrong and, where there is one, the mend.</param>
/// <param name="Type">The API's class of errors.</param>
/// <param name="Param">Path of the field at fault; null when none is.</param>
/// <param name="Code">The exact error; null when the API gives none.</param>
internal sealed record ApiError(int Status, string Message, string Type, string? Param = null, string? Code = null)
{
    /// <summary>Messages and paths quote what was sent, which may be megabytes: longer ones lose their middle.</summary>
    private const int MaxLength = 1000, KeptStart = 700, KeptEnd = 200;

    /// <summary>The caller's mistake.</summary>
    public const string InvalidRequest = "invalid_request_error";

    /// <summary>Our fault, or no room for the request now.</summary>
    public const string ServerError = "server_error";

    /// <summary>Too many requests.</summary>
    public const string RateLimit = "rate_limit_error";

    /// <summary>What is wrong and, where there is one, the mend.</summary>
    public string Message { get; init; } = Shortened(Message);

    /// <summary>Path of the field at fault; null when none is.</summary>
    public string? Param { get; init; } = Param is null ? null : Shortened(Param);

    /// <summary>After this time a retry makes sense; null sends no <c>retry-after</c>.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>False tells clients that would try again by themselves not to.</summary>
    public bool MayRetry { get; init; } = true;

    /// <summary>The same error with the caller's field at another place, or none.</summary>
    public static ApiError BadRequest(string message, string? param = null, string? code = null) =>
        new(StatusCodes.Status400BadRequest, message, InvalidRequest, param, code);

    private static string Shortened(string text) => text.Length <= MaxLength ? text : $"{text[..KeptStart]} … {text[^KeptEnd..]}";
}
