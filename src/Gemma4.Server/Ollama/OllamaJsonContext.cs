using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gemma4.Server.Ollama;

/// <summary>Source-generated JSON metadata of all DTOs of Ollama's API.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(OllamaChatRequest))]
[JsonSerializable(typeof(OllamaChatAnswer))]
[JsonSerializable(typeof(OllamaGenerateRequest))]
[JsonSerializable(typeof(OllamaGenerateAnswer))]
[JsonSerializable(typeof(OllamaModelList))]
[JsonSerializable(typeof(OllamaShowRequest))]
[JsonSerializable(typeof(OllamaShow))]
[JsonSerializable(typeof(OllamaVersion))]
[JsonSerializable(typeof(OllamaErrorResponse))]
internal sealed partial class OllamaJsonContext : JsonSerializerContext;

/// <summary>The one way this server reads and writes that API's JSON.</summary>
internal static class OllamaJson
{
    /// <summary>Source-generated metadata of all DTOs; only what JSON demands is escaped.</summary>
    public static OllamaJsonContext Context { get; } = new(new JsonSerializerOptions(OllamaJsonContext.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
