using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Gemma4.Engine.Vision;

namespace Gemma4.Server.Wire;

/// <summary>Where a video is: a data URL, or a URL to fetch where that is allowed. A bare string is taken too.</summary>
/// <param name="Value">URL and how much of the video to look at.</param>
[OneOf(typeof(VideoUrlObject), typeof(string))]
[JsonConverter(typeof(Converter))]
internal sealed record VideoUrl(VideoUrlObject Value)
{
    internal sealed class Converter : JsonConverter<VideoUrl>
    {
        public override VideoUrl Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String
                ? new VideoUrl(new VideoUrlObject { Url = reader.GetString()! })
                : new VideoUrl(JsonSerializer.Deserialize(ref reader, Metadata(options))!);

        public override void Write(Utf8JsonWriter writer, VideoUrl value, JsonSerializerOptions options) =>
            JsonSerializer.Serialize(writer, value.Value, Metadata(options));

        private static JsonTypeInfo<VideoUrlObject> Metadata(JsonSerializerOptions options) =>
            (JsonTypeInfo<VideoUrlObject>)options.GetTypeInfo(typeof(VideoUrlObject));
    }
}

/// <summary>Where a video file is and how much of it to look at.</summary>
internal sealed record VideoUrlObject
{
    /// <summary><c>data:video/mp4;base64,…</c>, or http(s) where fetching is allowed.</summary>
    public required string Url { get; init; }

    /// <summary>Frames taken, evenly spread; the checkpoint's 32 by default.</summary>
    [Range(1, FrameSampling.MaxFrames)]
    public int? NumFrames { get; init; }

    /// <summary>Budget of soft tokens of each frame (70, 140, 280, 560, 1120); the checkpoint's 70 by default.</summary>
    [SoftTokens]
    public int? MaxSoftTokens { get; init; }
}
