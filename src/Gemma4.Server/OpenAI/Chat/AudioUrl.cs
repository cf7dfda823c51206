using System.Text.Json;
using System.Text.Json.Serialization;
using Gemma4.Server.Wire;

namespace Gemma4.Server.OpenAI.Chat;

/// <summary>Where an audio clip is: a data URL, or a URL to fetch where that is allowed. A bare string is taken too.</summary>
/// <param name="Value">URL and how to hear it.</param>
[OneOf(typeof(AudioUrlObject), typeof(string))]
[JsonConverter(typeof(Converter))]
internal sealed record AudioUrl(AudioUrlObject Value)
{
    internal sealed class Converter : JsonConverter<AudioUrl>
    {
        public override AudioUrl Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String
                ? new AudioUrl(new AudioUrlObject { Url = reader.GetString()! })
                : new AudioUrl(JsonSerializer.Deserialize(ref reader, OpenAIJson.Context.AudioUrlObject)!);

        public override void Write(Utf8JsonWriter writer, AudioUrl value, JsonSerializerOptions options) =>
            JsonSerializer.Serialize(writer, value.Value, OpenAIJson.Context.AudioUrlObject);
    }
}

/// <summary>Where an audio clip is and whether it may be long.</summary>
internal sealed record AudioUrlObject
{
    /// <summary><c>data:audio/flac;base64,…</c>, or http(s) where fetching is allowed. WAV, MP3, FLAC or Ogg, whatever it is called.</summary>
    public required string Url { get; init; }

    /// <summary>Extension: cut an audio clip of more than 30 s into windows, each an audio clip of its own to the model, instead of refusing it.</summary>
    public bool? AllowWindows { get; init; }
}
