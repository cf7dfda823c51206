namespace Gemma4.Server.Errors;

/// <summary>Ends a request with an error. Thrown by mapping, caught by <c>ErrorMiddleware</c> alone.</summary>
internal class ApiException(ApiError error, Exception? inner = null) : Exception(error.Message, inner)
{
    /// <summary>What the caller is told.</summary>
    public ApiError Error { get; } = error;
}
