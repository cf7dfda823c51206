using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gemma4.Server.Wire;

namespace Gemma4.Server.OpenAI.Responses;

/// <summary>A mode, or a function that must be called.</summary>
/// <param name="Mode"><c>none</c>, <c>auto</c> or <c>required</c>, when given as text.</param>
/// <param name="Choice">The function or the allowed tools, when given as object.</param>
[OneOf(typeof(string), typeof(ResponseToolChoiceObject))]
[JsonConverter(typeof(Converter))]
internal sealed record ResponseToolChoice(string? Mode, ResponseToolChoiceObject? Choice = null)
{
    internal sealed class Converter : JsonConverter<ResponseToolChoice>
    {
        public override ResponseToolChoice Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String
                ? new ResponseToolChoice(reader.GetString())
                : new ResponseToolChoice(null, JsonSerializer.Deserialize(ref reader, OpenAIJson.Context.ResponseToolChoiceObject));

        public override void Write(Utf8JsonWriter writer, ResponseToolChoice value, JsonSerializerOptions options)
        {
            if (value.Choice is null)
                writer.WriteStringValue(value.Mode);
            else
                JsonSerializer.Serialize(writer, value.Choice, OpenAIJson.Context.ResponseToolChoiceObject);
        }
    }
}

/// <summary>A function that must be called, or the tools that may be.</summary>
internal sealed record ResponseToolChoiceObject
{
    /// <summary><c>function</c>, <c>custom</c> or <c>allowed_tools</c>; hosted tools are refused.</summary>
    public required string Type { get; init; }

    /// <summary>Of <c>function</c> and <c>custom</c>.</summary>
    public string? Name { get; init; }

    /// <summary>Of <c>allowed_tools</c>: <c>auto</c> may call, <c>required</c> must.</summary>
    [AllowedValues("auto", "required")]
    public string? Mode { get; init; }

    /// <summary>Of <c>allowed_tools</c>.</summary>
    [MinLength(1)]
    public ResponseAllowedTool[]? Tools { get; init; }
}

/// <summary>One allowed tool.</summary>
internal sealed record ResponseAllowedTool
{
    /// <summary><c>function</c> or <c>custom</c>; any other is left out.</summary>
    public required string Type { get; init; }

    /// <summary>Which one.</summary>
    public string? Name { get; init; }
}
