using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gemma4.Server.Wire;

namespace Gemma4.Server.Anthropic;

/// <summary>A text, or blocks: one of the two is set.</summary>
[OneOf(typeof(string), typeof(ContentBlock[]))]
[JsonConverter(typeof(Converter))]
internal sealed record BlockContent
{
    /// <summary>The text.</summary>
    public string? Text { get; init; }

    /// <summary>The blocks.</summary>
    public ContentBlock[]? Blocks { get; init; }

    /// <summary>The blocks, a text as one.</summary>
    [JsonIgnore]
    public ContentBlock[] AsBlocks => Blocks ?? [new ContentBlock { Type = "text", Text = Text }];

    internal sealed class Converter : JsonConverter<BlockContent>
    {
        public override BlockContent Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String
                ? new BlockContent { Text = reader.GetString() }
                : new BlockContent { Blocks = JsonSerializer.Deserialize(ref reader, AnthropicJson.Context.ContentBlockArray) };

        public override void Write(Utf8JsonWriter writer, BlockContent value, JsonSerializerOptions options)
        {
            if (value.Blocks is null)
                writer.WriteStringValue(value.Text);
            else
                JsonSerializer.Serialize(writer, value.Blocks, AnthropicJson.Context.ContentBlockArray);
        }
    }
}

/// <summary>One block of a message, given or generated; <see cref="Type"/> says which of the other fields it has.</summary>
internal sealed record ContentBlock : IInputBlock
{
    /// <summary>What the block is.</summary>
    [AllowedValues("text", "image", "document", "video_url", "video", "tool_use", "tool_result", "thinking", "redacted_thinking")]
    public required string Type { get; init; }

    /// <summary>Of <c>text</c>.</summary>
    public string? Text { get; init; }

    /// <summary>Of <c>thinking</c>.</summary>
    public string? Thinking { get; init; }

    /// <summary>Of <c>thinking</c>: given back by clients, not checked.</summary>
    public string? Signature { get; init; }

    /// <summary>Of <c>redacted_thinking</c>, which is dropped: nobody here can read it.</summary>
    public string? Data { get; init; }

    /// <summary>Of <c>tool_use</c>: names the call.</summary>
    public string? Id { get; init; }

    /// <summary>Of <c>tool_use</c>: the function.</summary>
    public string? Name { get; init; }

    /// <summary>Of <c>tool_use</c>: the arguments.</summary>
    [JsonObject]
    public JsonElement? Input { get; init; }

    /// <summary>Of <c>tool_result</c>: the call it answers.</summary>
    public string? ToolUseId { get; init; }

    /// <summary>Of <c>tool_result</c>.</summary>
    public ResultContent? Content { get; init; }

    /// <summary>Of <c>tool_result</c>: the call failed.</summary>
    public bool? IsError { get; init; }

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

/// <summary>Where an image or a document is.</summary>
internal sealed record BlockSource
{
    /// <summary>An image is in the request (<c>base64</c>) or at a <c>url</c> where fetching is allowed; a document is <c>text</c> or <c>content</c>.</summary>
    [AllowedValues("base64", "url", "text", "content", "file")]
    public required string Type { get; init; }

    /// <summary>Of <c>base64</c> and <c>text</c>.</summary>
    public string? MediaType { get; init; }

    /// <summary>Of <c>base64</c>, encoded, and of <c>text</c>, as it is.</summary>
    public string? Data { get; init; }

    /// <summary>Of <c>content</c>.</summary>
    public DocumentContent? Content { get; init; }

    /// <summary>Of <c>url</c>.</summary>
    public string? Url { get; init; }

    /// <summary>Of <c>file</c>: a file of <c>/v1/files</c>.</summary>
    public string? FileId { get; init; }
}
