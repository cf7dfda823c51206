using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gemma4.Server.Wire;

namespace Gemma4.Server.Anthropic;

/// <summary>What a tool gave: a text, or blocks.</summary>
[OneOf(typeof(string), typeof(ResultBlock[]))]
[JsonConverter(typeof(Converter))]
internal sealed record ResultContent
{
    /// <summary>The blocks, a text as one.</summary>
    public required ResultBlock[] Blocks { get; init; }

    internal sealed class Converter : JsonConverter<ResultContent>
    {
        public override ResultContent Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => new()
        {
            Blocks = reader.TokenType == JsonTokenType.String
                ? [new ResultBlock { Type = "text", Text = reader.GetString() }]
                : JsonSerializer.Deserialize(ref reader, AnthropicJson.Context.ResultBlockArray)!,
        };

        public override void Write(Utf8JsonWriter writer, ResultContent value, JsonSerializerOptions options) =>
            JsonSerializer.Serialize(writer, value.Blocks, AnthropicJson.Context.ResultBlockArray);
    }
}

/// <summary>One block of a tool's result.</summary>
internal sealed record ResultBlock : IInputBlock
{
    /// <summary>What the block is.</summary>
    [AllowedValues("text", "image", "document", "video_url", "video")]
    public required string Type { get; init; }

    /// <summary>Of <c>text</c>.</summary>
    public string? Text { get; init; }

    /// <summary>Of <c>image</c> and <c>document</c>.</summary>
    public BlockSource? Source { get; init; }

    /// <summary>Of <c>document</c>: its name, shown to the model.</summary>
    public string? Title { get; init; }

    /// <summary>Of <c>document</c>: what the model should know about it.</summary>
    public string? Context { get; init; }

    /// <summary>Of <c>video_url</c>, an extension: a video file, for servers that have ffmpeg.</summary>
    public VideoUrl? VideoUrl { get; init; }

    /// <summary>Of <c>video</c>, an extension: a video as its frames.</summary>
    public VideoFrames? Video { get; init; }

    /// <summary>Extension, of <c>image</c>, <c>video_url</c> or <c>video</c>: the budget of soft tokens for this image (or for each frame), one of
    /// the checkpoint's (70, 140, 280, 560, 1120).</summary>
    [SoftTokens]
    public int? MaxSoftTokens { get; init; }
}
