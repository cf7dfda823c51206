using Gemma4.Server.Errors;

namespace Gemma4.Server.Mapping;

/// <summary>How an API refuses a missing and an unknown model: each has its own words.</summary>
internal interface IModelFaults
{
    /// <summary>What to say when the model is left out; null where it may be.</summary>
    ApiException? Missing();

    /// <summary>What to say of a model that is none of those served.</summary>
    ApiException Unknown(string id, IReadOnlyList<string> served);
}

/// <summary>As <c>/chat/completions</c> and <c>/completions</c> do.</summary>
internal sealed class ChatModelFaults : IModelFaults
{
    public static ChatModelFaults Instance { get; } = new();

    public ApiException? Missing() => Fault.Of("you must provide a model parameter");

    public ApiException Unknown(string id, IReadOnlyList<string> served) => new(new ApiError(
        StatusCodes.Status404NotFound, $"The model `{id}` does not exist or you do not have access to it. {ServedModels.Sentence(served)}",
        ApiError.InvalidRequest, null, "model_not_found"));
}

/// <summary>As <c>/responses</c> does.</summary>
internal sealed class ResponsesModelFaults : IModelFaults
{
    public static ResponsesModelFaults Instance { get; } = new();

    public ApiException? Missing() => Fault.Missing("model");

    public ApiException Unknown(string id, IReadOnlyList<string> served) =>
        Fault.Of($"The requested model '{id}' does not exist. {ServedModels.Sentence(served)}", "model", "model_not_found");
}

/// <summary>As endpoints do that OpenAI does not have: the model may be left out, since there is but one.</summary>
internal sealed class OptionalModelFaults : IModelFaults
{
    public static OptionalModelFaults Instance { get; } = new();

    public ApiException? Missing() => null;

    public ApiException Unknown(string id, IReadOnlyList<string> served) => ChatModelFaults.Instance.Unknown(id, served);
}

/// <summary>As <c>/v1/messages</c> does.</summary>
internal sealed class MessagesModelFaults : IModelFaults
{
    public static MessagesModelFaults Instance { get; } = new();

    public ApiException? Missing() => Fault.Missing("model");

    public ApiException Unknown(string id, IReadOnlyList<string> served) => new(new ApiError(
        StatusCodes.Status404NotFound, $"The model '{id}' does not exist. {ServedModels.Sentence(served)}", ApiError.InvalidRequest, "model", "model_not_found"));
}
