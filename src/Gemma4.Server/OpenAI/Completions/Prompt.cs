using System.Text.Json;
using System.Text.Json.Serialization;
using Gemma4.Server.Wire;

namespace Gemma4.Server.OpenAI.Completions;

/// <summary>A text, texts, token ids, or lists of token ids.</summary>
/// <param name="Items">One entry a prompt.</param>
[OneOf(typeof(string), typeof(PromptItem[]))]
[JsonConverter(typeof(Converter))]
internal sealed record Prompt(PromptItem[] Items)
{
    internal sealed class Converter : JsonConverter<Prompt>
    {
        public override Prompt Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String
                ? new Prompt([new PromptItem { Text = reader.GetString() }])
                : new Prompt(JsonSerializer.Deserialize(ref reader, OpenAIJson.Context.PromptItemArray)!);

        public override void Write(Utf8JsonWriter writer, Prompt value, JsonSerializerOptions options) =>
            JsonSerializer.Serialize(writer, value.Items, OpenAIJson.Context.PromptItemArray);
    }
}

/// <summary>An entry of the prompt list: a text, a list of token ids, or a token id (then all entries are).</summary>
[OneOf(typeof(string), typeof(int), typeof(int[]))]
[JsonConverter(typeof(Converter))]
internal sealed record PromptItem
{
    /// <summary>A text.</summary>
    public string? Text { get; init; }

    /// <summary>One token of the only prompt.</summary>
    public int? TokenId { get; init; }

    /// <summary>A prompt in token ids.</summary>
    public int[]? TokenIds { get; init; }

    internal sealed class Converter : JsonConverter<PromptItem>
    {
        public override PromptItem Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => reader.TokenType switch
        {
            JsonTokenType.String => new PromptItem { Text = reader.GetString() },
            JsonTokenType.Number => new PromptItem { TokenId = reader.GetInt32() },
            _ => new PromptItem { TokenIds = JsonSerializer.Deserialize(ref reader, OpenAIJson.Context.Int32Array) },
        };

        public override void Write(Utf8JsonWriter writer, PromptItem value, JsonSerializerOptions options)
        {
            if (value.Text is not null)
                writer.WriteStringValue(value.Text);
            else if (value.TokenId is int id)
                writer.WriteNumberValue(id);
            else
                JsonSerializer.Serialize(writer, value.TokenIds!, OpenAIJson.Context.Int32Array);
        }
    }
}
