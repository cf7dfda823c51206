using Gemma4.Server.Errors;

namespace Gemma4.Server.Mapping.Responses;

/// <summary>Refusals about conversations.</summary>
internal static class ConversationFaults
{
    /// <summary>It is not kept for this caller.</summary>
    public static ApiException NotFound(string id) => new(new ApiError(
        StatusCodes.Status404NotFound, $"Conversation with id '{id}' not found.", ApiError.InvalidRequest, "conversation"));

    /// <summary>It has no such item.</summary>
    public static ApiException ItemNotFound(string id, string itemId) => new(new ApiError(
        StatusCodes.Status404NotFound, $"Item with id '{itemId}' not found in conversation '{id}'.", ApiError.InvalidRequest, "item_id"));
}
