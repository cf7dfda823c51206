using Gemma4.Server.Errors;
using Gemma4.Server.OpenAI.Responses;

namespace Gemma4.Server.Mapping.Responses;

/// <summary>Why a response failed, in the words of its <c>error</c>.</summary>
internal static class ResponseFaults
{
    /// <summary>The server that made it ended when a client might have read the beginning of it: a second one would not go on from there.</summary>
    public static ResponseError Interrupted { get; } = new("interrupted", "The server that made this response ended before it was whole. Please send the request again.");

    /// <summary>It was begun as often as anything is.</summary>
    public static ResponseError TooOften(int attempts) => new(
        "interrupted", $"The server that made this response ended before it was whole, {attempts} times. Please send the request again.");

    /// <summary>An error that a request would be refused with.</summary>
    public static ResponseError Of(ApiError error) => new(error.Status < 500 ? "invalid_prompt" : "server_error", error.Message);
}
