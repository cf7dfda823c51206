using Gemma4.Server.Errors;

namespace Gemma4.Server.Mapping.Responses;

/// <summary>As <c>/responses</c> does.</summary>
internal sealed class ResponsesModelFaults : IModelFaults
{
    public static ResponsesModelFaults Instance { get; } = new();

    public ApiException? Missing() => Fault.Missing("model");

    public ApiException Unknown(string id, IReadOnlyList<string> served) =>
        Fault.Of($"The requested model '{id}' does not exist. {ServedModels.Sentence(served)}", "model", "model_not_found");
}
