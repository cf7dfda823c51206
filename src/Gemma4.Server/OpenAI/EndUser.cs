using System.Text.Json;
using System.Text.Json.Serialization;
using Gemma4.Server.Wire;

namespace Gemma4.Server.OpenAI;

/// <summary>The caller's own name for its user. Some clients send an object, which is ignored.</summary>
/// <param name="Name">The name; null when it was an object.</param>
[OneOf(typeof(string), typeof(Dictionary<string, JsonElement>))]
[JsonConverter(typeof(Converter))]
internal sealed record EndUser(string? Name)
{
    internal sealed class Converter : JsonConverter<EndUser>
    {
        public override EndUser Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options)
        {
            if (reader.TokenType == JsonTokenType.String)
                return new EndUser(reader.GetString());
            reader.Skip();
            return new EndUser((string?)null);
        }

        public override void Write(Utf8JsonWriter writer, EndUser value, JsonSerializerOptions options) => writer.WriteStringValue(value.Name);
    }
}
