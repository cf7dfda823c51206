using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gemma4.Server.OpenAI.Chat;
using Gemma4.Server.Wire;

namespace Gemma4.Server.OpenAI.Responses;

/// <summary>A text, or parts: one of the two is set.</summary>
[OneOf(typeof(string), typeof(ResponsePart[]))]
[JsonConverter(typeof(Converter))]
internal sealed record ResponseContent
{
    /// <summary>The text.</summary>
    public string? Text { get; init; }

    /// <summary>The parts.</summary>
    public ResponsePart[]? Parts { get; init; }

    internal sealed class Converter : JsonConverter<ResponseContent>
    {
        public override ResponseContent Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String
                ? new ResponseContent { Text = reader.GetString() }
                : new ResponseContent { Parts = JsonSerializer.Deserialize(ref reader, OpenAIJson.Context.ResponsePartArray) };

        public override void Write(Utf8JsonWriter writer, ResponseContent value, JsonSerializerOptions options)
        {
            if (value.Parts is null)
                writer.WriteStringValue(value.Text);
            else
                JsonSerializer.Serialize(writer, value.Parts, OpenAIJson.Context.ResponsePartArray);
        }
    }
}

/// <summary>One part of an item's content; <see cref="Type"/> says which of the other fields it has.</summary>
internal sealed record ResponsePart : IVideoPart
{
    /// <summary>What the part is.</summary>
    [AllowedValues(
        "input_text", "input_image", "input_audio", "input_file", "video_url", "video", "output_text", "refusal", "reasoning_text", "summary_text")]
    public required string Type { get; init; }

    /// <summary>Of all texts.</summary>
    public string? Text { get; init; }

    /// <summary>Of <c>output_text</c>; always empty.</summary>
    public JsonElement? Annotations { get; init; }

    /// <summary>Of <c>output_text</c>; empty unless asked for.</summary>
    public JsonElement? Logprobs { get; init; }

    /// <summary>Of <c>refusal</c>.</summary>
    public string? Refusal { get; init; }

    /// <summary>Of <c>input_image</c>: <c>data:image/png;base64,…</c>, or http(s) where fetching is allowed.</summary>
    public string? ImageUrl { get; init; }

    /// <summary>Of <c>input_image</c>: how many soft tokens the image may take.</summary>
    [AllowedValues("auto", "low", "high", "original")]
    public string? Detail { get; init; }

    /// <summary>Of <c>input_file</c>, and of <c>input_image</c> in place of its URL: a file of <c>/v1/files</c>.</summary>
    public string? FileId { get; init; }

    /// <summary>Of <c>input_file</c>, in place of the id: base64 of the file, or a data URL of it.</summary>
    public string? FileData { get; init; }

    /// <summary>Of <c>input_file</c>; refused, no files are fetched.</summary>
    public string? FileUrl { get; init; }

    /// <summary>Of <c>file_data</c>: its name, which the model is shown with a text.</summary>
    public string? Filename { get; init; }

    /// <summary>Of <c>input_audio</c>, an extension.</summary>
    public InputAudio? InputAudio { get; init; }

    /// <summary>Of <c>input_audio</c>, an extension: in place of the data.</summary>
    public AudioUrl? AudioUrl { get; init; }

    /// <summary>Of <c>video_url</c>, an extension: a video file, for servers that have ffmpeg.</summary>
    public VideoUrl? VideoUrl { get; init; }

    /// <summary>Of <c>video</c>, an extension: a video as its frames.</summary>
    public VideoFrames? Video { get; init; }

    /// <summary>Extension, beside <c>image_url</c>, <c>video_url</c> or <c>video</c>: the budget of soft tokens for this image (or for each frame),
    /// one of the checkpoint's (70, 140, 280, 560, 1120).</summary>
    [SoftTokens]
    public int? MaxSoftTokens { get; init; }
}
