using System.Text.Encodings.Web;
using System.Text.Json;

namespace Gemma4.Server.OpenAI;

/// <summary>The one way this server reads and writes the API's JSON.</summary>
internal static class OpenAIJson
{
    /// <summary>Source-generated metadata of all DTOs.</summary>
    /// <remarks>Answers are never part of a page, so only what JSON demands is escaped: text stays readable and short.</remarks>
    public static OpenAIJsonContext Context { get; } = new(new JsonSerializerOptions(OpenAIJsonContext.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
