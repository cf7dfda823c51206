using Gemma4.Server.Errors;

namespace Gemma4.Server.Mapping.Files;

/// <summary>Refusals about files.</summary>
internal static class FileFaults
{
    /// <summary>It is not kept for this caller.</summary>
    public static ApiException NotFound(string id) => new(new ApiError(
        StatusCodes.Status404NotFound, $"No such File object: {id}", ApiError.InvalidRequest, "id"));
}
