using System.Text.Json;
using System.Text.Json.Serialization;
using Gemma4.Server.Wire;

namespace Gemma4.Server.OpenAI.Responses;

/// <summary>The conversation that a response is made in.</summary>
internal sealed record ResponseConversationObject
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }
}

/// <summary>A conversation's id, alone or in an object.</summary>
/// <param name="Id">Its id.</param>
[OneOf(typeof(string), typeof(ResponseConversationObject))]
[JsonConverter(typeof(Converter))]
internal sealed record ResponseConversationReference(string Id)
{
    internal sealed class Converter : JsonConverter<ResponseConversationReference>
    {
        public override ResponseConversationReference Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => new(
            reader.TokenType == JsonTokenType.String
                ? reader.GetString()!
                : JsonSerializer.Deserialize(ref reader, OpenAIJson.Context.ResponseConversationObject)!.Id);

        public override void Write(Utf8JsonWriter writer, ResponseConversationReference value, JsonSerializerOptions options) => writer.WriteStringValue(value.Id);
    }
}
