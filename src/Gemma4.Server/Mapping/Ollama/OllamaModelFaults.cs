using Gemma4.Server.Errors;

namespace Gemma4.Server.Mapping.Ollama;

/// <summary>As Ollama does.</summary>
internal sealed class OllamaModelFaults : IModelFaults
{
    public static OllamaModelFaults Instance { get; } = new();

    public ApiException? Missing() => Fault.Of("model is required", "model");

    public ApiException Unknown(string id, IReadOnlyList<string> served) => new(new ApiError(
        StatusCodes.Status404NotFound, $"model '{id}' not found. {ServedModels.Sentence(served)}", ApiError.InvalidRequest, "model", "model_not_found"));
}
