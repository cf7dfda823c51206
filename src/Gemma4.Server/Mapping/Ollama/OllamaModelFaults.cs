using Gemma4.Server.Errors;

namespace Gemma4.Server.Mapping.Ollama;

/// <summary>As Ollama does.</summary>
/// <param name="mayBeMissing">Whether the model may stand in another field.</param>
internal sealed class OllamaModelFaults(bool mayBeMissing) : IModelFaults
{
    public static OllamaModelFaults Instance { get; } = new(mayBeMissing: false);

    /// <summary>Of <c>/api/show</c>, which takes it as <c>name</c> too.</summary>
    public static OllamaModelFaults OfShow { get; } = new(mayBeMissing: true);

    public ApiException? Missing() => mayBeMissing ? null : Fault.Of("model is required", "model");

    public ApiException Unknown(string id, IReadOnlyList<string> served) => new(new ApiError(
        StatusCodes.Status404NotFound, $"model '{id}' not found. {ServedModels.Sentence(served)}", ApiError.InvalidRequest, "model", "model_not_found"));
}
