using System.Text.Json;
using System.Text.Json.Serialization;
using Gemma4.Server.Wire;

namespace Gemma4.Server.OpenAI.Responses;

/// <summary>A text, or items: one of the two is set.</summary>
[OneOf(typeof(string), typeof(ResponseItem[]))]
[JsonConverter(typeof(Converter))]
internal sealed record ResponseInput
{
    /// <summary>The user's text.</summary>
    public string? Text { get; init; }

    /// <summary>The items.</summary>
    public ResponseItem[]? Items { get; init; }

    internal sealed class Converter : JsonConverter<ResponseInput>
    {
        public override ResponseInput Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String
                ? new ResponseInput { Text = reader.GetString() }
                : new ResponseInput { Items = JsonSerializer.Deserialize(ref reader, OpenAIJson.Context.ResponseItemArray) };

        public override void Write(Utf8JsonWriter writer, ResponseInput value, JsonSerializerOptions options)
        {
            if (value.Items is null)
                writer.WriteStringValue(value.Text);
            else
                JsonSerializer.Serialize(writer, value.Items, OpenAIJson.Context.ResponseItemArray);
        }
    }
}
