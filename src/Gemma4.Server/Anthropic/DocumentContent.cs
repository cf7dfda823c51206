using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gemma4.Server.Wire;

namespace Gemma4.Server.Anthropic;

/// <summary>What a document says: a text, or blocks of text.</summary>
[OneOf(typeof(string), typeof(DocumentBlock[]))]
[JsonConverter(typeof(Converter))]
internal sealed record DocumentContent
{
    /// <summary>The blocks, a text as one.</summary>
    public required DocumentBlock[] Blocks { get; init; }

    internal sealed class Converter : JsonConverter<DocumentContent>
    {
        public override DocumentContent Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => new()
        {
            Blocks = reader.TokenType == JsonTokenType.String
                ? [new DocumentBlock { Type = "text", Text = reader.GetString() }]
                : JsonSerializer.Deserialize(ref reader, AnthropicJson.Context.DocumentBlockArray)!,
        };

        public override void Write(Utf8JsonWriter writer, DocumentContent value, JsonSerializerOptions options) =>
            JsonSerializer.Serialize(writer, value.Blocks, AnthropicJson.Context.DocumentBlockArray);
    }
}

/// <summary>One block of a document.</summary>
internal sealed record DocumentBlock
{
    /// <summary>Always <c>text</c>: images stand beside the document.</summary>
    [AllowedValues("text")]
    public required string Type { get; init; }

    /// <summary>The text.</summary>
    public string? Text { get; init; }
}
