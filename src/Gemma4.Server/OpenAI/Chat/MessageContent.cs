using System.Text.Json;
using System.Text.Json.Serialization;
using Gemma4.Server.Wire;

namespace Gemma4.Server.OpenAI.Chat;

/// <summary>A text, or a list of parts: one of the two is set, or neither where <c>null</c> was given.</summary>
[OneOf(typeof(string), typeof(ContentPart[]))]
[JsonConverter(typeof(Converter))]
internal sealed record MessageContent
{
    /// <summary>The text, when it was given as one.</summary>
    public string? Text { get; init; }

    /// <summary>The parts, when they were given.</summary>
    public ContentPart[]? Parts { get; init; }

    internal sealed class Converter : JsonConverter<MessageContent>
    {
        /// <summary>A <c>null</c> that was given is told from a field that was left out: answers may have it.</summary>
        public override bool HandleNull => true;

        public override MessageContent Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => reader.TokenType switch
        {
            JsonTokenType.Null => new MessageContent(),
            JsonTokenType.String => new MessageContent { Text = reader.GetString() },
            _ => new MessageContent { Parts = JsonSerializer.Deserialize(ref reader, OpenAIJson.Context.ContentPartArray) },
        };

        public override void Write(Utf8JsonWriter writer, MessageContent value, JsonSerializerOptions options)
        {
            if (value.Parts is null)
                writer.WriteStringValue(value.Text);
            else
                JsonSerializer.Serialize(writer, value.Parts, OpenAIJson.Context.ContentPartArray);
        }
    }
}
