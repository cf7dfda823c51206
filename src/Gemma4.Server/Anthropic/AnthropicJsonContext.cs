using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gemma4.Server.Wire;

namespace Gemma4.Server.Anthropic;

/// <summary>Source-generated JSON metadata of all DTOs of <c>/v1/messages</c>, and of models as that API shows them.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(MessageRequest))]
[JsonSerializable(typeof(ContentBlock[]))]
[JsonSerializable(typeof(ResultBlock[]))]
[JsonSerializable(typeof(DocumentBlock[]))]
[JsonSerializable(typeof(VideoUrlObject))]
[JsonSerializable(typeof(MessageResponse))]
[JsonSerializable(typeof(MessageEvent))]
[JsonSerializable(typeof(MessageEndEvent))]
[JsonSerializable(typeof(MessageErrorResponse))]
[JsonSerializable(typeof(MessageTokens))]
[JsonSerializable(typeof(MessageModelList))]
[JsonSerializable(typeof(MessageModel))]
internal sealed partial class AnthropicJsonContext : JsonSerializerContext;

/// <summary>The one way this server reads and writes that API's JSON.</summary>
internal static class AnthropicJson
{
    /// <summary>Source-generated metadata of all DTOs; only what JSON demands is escaped.</summary>
    public static AnthropicJsonContext Context { get; } = new(new JsonSerializerOptions(AnthropicJsonContext.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
