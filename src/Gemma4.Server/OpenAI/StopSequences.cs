using System.Text.Json;
using System.Text.Json.Serialization;
using Gemma4.Server.Wire;

namespace Gemma4.Server.OpenAI;

/// <summary>One text, or a list of them.</summary>
/// <param name="Values">The texts.</param>
[OneOf(typeof(string), typeof(string[]))]
[JsonConverter(typeof(Converter))]
internal sealed record StopSequences(string[] Values)
{
    internal sealed class Converter : JsonConverter<StopSequences>
    {
        public override StopSequences Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String
                ? new StopSequences([reader.GetString()!])
                : new StopSequences(JsonSerializer.Deserialize(ref reader, OpenAIJson.Context.StringArray)!);

        public override void Write(Utf8JsonWriter writer, StopSequences value, JsonSerializerOptions options) =>
            JsonSerializer.Serialize(writer, value.Values, OpenAIJson.Context.StringArray);
    }
}
