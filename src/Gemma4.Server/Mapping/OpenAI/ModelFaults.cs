using Gemma4.Server.Errors;

namespace Gemma4.Server.Mapping.OpenAI;

/// <summary>As <c>/chat/completions</c> and <c>/completions</c> do.</summary>
internal sealed class ChatModelFaults : IModelFaults
{
    public static ChatModelFaults Instance { get; } = new();

    public ApiException? Missing() => Fault.Of("you must provide a model parameter");

    public ApiException Unknown(string id, IReadOnlyList<string> served) => new(new ApiError(
        StatusCodes.Status404NotFound, $"The model `{id}` does not exist or you do not have access to it. {ServedModels.Sentence(served)}",
        ApiError.InvalidRequest, null, "model_not_found"));
}

/// <summary>As endpoints do that OpenAI does not have: the model may be left out, since there is but one.</summary>
internal sealed class OptionalModelFaults : IModelFaults
{
    public static OptionalModelFaults Instance { get; } = new();

    public ApiException? Missing() => null;

    public ApiException Unknown(string id, IReadOnlyList<string> served) => ChatModelFaults.Instance.Unknown(id, served);
}
