namespace Gemma4.Server.Errors;

/// <summary>Ends a request with an error. Thrown by mapping, caught by <c>ErrorMiddleware</c> alone.</summary>
internal sealed class ApiException(ApiError error) : Exception(error.Message)
{
    /// <summary>What the caller is told.</summary>
    public ApiError Error { get; } = error;
}
