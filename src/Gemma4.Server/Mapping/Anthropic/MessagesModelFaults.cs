using Gemma4.Server.Errors;

namespace Gemma4.Server.Mapping.Anthropic;

/// <summary>As <c>/v1/messages</c> does.</summary>
internal sealed class MessagesModelFaults : IModelFaults
{
    public static MessagesModelFaults Instance { get; } = new();

    public ApiException? Missing() => Fault.Missing("model");

    public ApiException Unknown(string id, IReadOnlyList<string> served) => new(new ApiError(
        StatusCodes.Status404NotFound, $"The model '{id}' does not exist. {ServedModels.Sentence(served)}", ApiError.InvalidRequest, "model", "model_not_found"));
}
