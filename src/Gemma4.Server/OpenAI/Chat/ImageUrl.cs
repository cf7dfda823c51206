using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gemma4.Server.Wire;

namespace Gemma4.Server.OpenAI.Chat;

/// <summary>Where an image is: a data URL, or a URL to fetch where that is allowed. A bare string, a common mistake, is taken too.</summary>
/// <param name="Value">URL and detail.</param>
[OneOf(typeof(ImageUrlObject), typeof(string))]
[JsonConverter(typeof(Converter))]
internal sealed record ImageUrl(ImageUrlObject Value)
{
    internal sealed class Converter : JsonConverter<ImageUrl>
    {
        public override ImageUrl Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String
                ? new ImageUrl(new ImageUrlObject { Url = reader.GetString()! })
                : new ImageUrl(JsonSerializer.Deserialize(ref reader, OpenAIJson.Context.ImageUrlObject)!);

        public override void Write(Utf8JsonWriter writer, ImageUrl value, JsonSerializerOptions options) =>
            JsonSerializer.Serialize(writer, value.Value, OpenAIJson.Context.ImageUrlObject);
    }
}

/// <summary>Where an image is and how closely to look.</summary>
internal sealed record ImageUrlObject
{
    /// <summary><c>data:image/png;base64,…</c>, or http(s) where fetching is allowed.</summary>
    public required string Url { get; init; }

    /// <summary>How many soft tokens the image may take.</summary>
    [AllowedValues("auto", "low", "high")]
    public string? Detail { get; init; }

    /// <summary>Extension: the exact budget of soft tokens, one of the checkpoint's (70, 140, 280, 560, 1120).</summary>
    [SoftTokens]
    public int? MaxSoftTokens { get; init; }
}
