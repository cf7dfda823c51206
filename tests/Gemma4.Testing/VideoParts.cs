using Gemma4.Engine.Requests;

namespace Gemma4.Testing;

/// <summary>Parts of requests that are videos, as JSON, and what became of them in the prompt.</summary>
internal static class VideoParts
{
    public static readonly byte[] ThumbFile = TestMedia.Read("thumb.png"), StripFile = TestMedia.Read("strip.png");

    /// <summary>Data URLs of the two.</summary>
    public static readonly string Thumb = TestMedia.DataUrl(ThumbFile, "image/png"), Strip = TestMedia.DataUrl(StripFile, "image/png");

    /// <summary>A video of the same frame many times.</summary>
    public static string Repeated(string url, int count) => Video($"[{string.Join(',', Enumerable.Repeat($"\"{url}\"", count))}]");

    /// <summary>A video as a list of frames.</summary>
    /// <param name="frames">JSON of the list.</param>
    /// <param name="more">More fields of the video.</param>
    public static string Video(string frames, string more = "") =>
        $$$"""{"type":"video","video":{"frames":{{{frames}}}{{{(more.Length > 0 ? "," + more : "")}}}}}""";

    /// <summary>A video file.</summary>
    public static string VideoUrl(byte[] file, string more = "") =>
        $$$"""{"type":"video_url","video_url":{"url":"{{{TestMedia.DataUrl(file, "video/mp4")}}}"{{{(more.Length > 0 ? "," + more : "")}}}}}""";

    /// <summary>The prompt's text, without placeholders.</summary>
    public static string WithoutSoftTokens(GenerationRequest request) => DemoTokenizer.Instance.Decode(
        [.. request.PromptTokenIds.Where(id => id != DemoTokenizer.Instance.Special.Video && id != DemoTokenizer.Instance.Special.Image)]);
}
