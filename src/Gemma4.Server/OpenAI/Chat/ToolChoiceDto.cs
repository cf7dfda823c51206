using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gemma4.Server.Wire;

namespace Gemma4.Server.OpenAI.Chat;

/// <summary>A mode, or a function that must be called.</summary>
/// <param name="Mode"><c>none</c>, <c>auto</c> or <c>required</c>, when given as text.</param>
/// <param name="Choice">The function or the allowed tools, when given as object.</param>
[OneOf(typeof(string), typeof(ToolChoiceObject))]
[JsonConverter(typeof(Converter))]
internal sealed record ToolChoiceDto(string? Mode, ToolChoiceObject? Choice)
{
    internal sealed class Converter : JsonConverter<ToolChoiceDto>
    {
        public override ToolChoiceDto Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String
                ? new ToolChoiceDto(reader.GetString(), null)
                : new ToolChoiceDto(null, JsonSerializer.Deserialize(ref reader, OpenAIJson.Context.ToolChoiceObject));

        public override void Write(Utf8JsonWriter writer, ToolChoiceDto value, JsonSerializerOptions options)
        {
            if (value.Choice is null)
                writer.WriteStringValue(value.Mode);
            else
                JsonSerializer.Serialize(writer, value.Choice, OpenAIJson.Context.ToolChoiceObject);
        }
    }
}

/// <summary>A function that must be called, or the tools that may be.</summary>
internal sealed record ToolChoiceObject
{
    /// <summary>One tool, or some.</summary>
    [AllowedValues("function", "allowed_tools", "custom")]
    public required string Type { get; init; }

    /// <summary>Of <c>function</c>.</summary>
    public FunctionName? Function { get; init; }

    /// <summary>Of <c>custom</c>.</summary>
    public FunctionName? Custom { get; init; }

    /// <summary>Of <c>allowed_tools</c>.</summary>
    public AllowedTools? AllowedTools { get; init; }
}

/// <summary>Names a declared tool.</summary>
internal sealed record FunctionName
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }
}

/// <summary>The tools that may be called in this turn.</summary>
internal sealed record AllowedTools
{
    /// <summary><c>auto</c> may call, <c>required</c> must.</summary>
    [AllowedValues("auto", "required")]
    public required string Mode { get; init; }

    /// <summary>The tools.</summary>
    [MinLength(1)]
    public required AllowedTool[] Tools { get; init; }
}

/// <summary>One allowed tool.</summary>
internal sealed record AllowedTool
{
    /// <summary>What it is.</summary>
    [AllowedValues("function", "custom")]
    public required string Type { get; init; }

    /// <summary>Which function.</summary>
    public FunctionName? Function { get; init; }

    /// <summary>Which custom tool.</summary>
    public FunctionName? Custom { get; init; }
}
