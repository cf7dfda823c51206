using System.Text.Json.Nodes;

namespace Gemma4.Server.Terminal;

/// <summary>Files of images and audio as parts of a message.</summary>
internal static class MediaPart
{
    /// <summary>More than a server takes by default, in base64.</summary>
    private const long MaxBytes = 90L << 20;

    /// <summary>An image.</summary>
    /// <exception cref="ChatException">There is no such file, or it is too large.</exception>
    public static JsonObject Image(string path) => new()
    {
        ["type"] = "image_url",
        ["image_url"] = new JsonObject { ["url"] = $"data:image/{ImageType(path)};base64,{Convert.ToBase64String(Read(path))}" },
    };

    /// <summary>An audio clip. What it is the file itself says, whatever is said here.</summary>
    /// <exception cref="ChatException">There is no such file, or it is too large.</exception>
    public static JsonObject Audio(string path) => new()
    {
        ["type"] = "input_audio",
        ["input_audio"] = new JsonObject { ["data"] = Convert.ToBase64String(Read(path)), ["format"] = path.EndsWith(".mp3", StringComparison.OrdinalIgnoreCase) ? "mp3" : "wav" },
    };

    private static string ImageType(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".jpg" or ".jpeg" => "jpeg",
        ".webp" => "webp",
        ".gif" => "gif",
        _ => "png",
    };

    private static byte[] Read(string path)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            if (stream.Length > MaxBytes)
                throw new ChatException($"{path} has {stream.Length} bytes; at most {MaxBytes} can be sent.");
            byte[] bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new ChatException($"{path} cannot be read: {exception.Message}");
        }
    }
}
