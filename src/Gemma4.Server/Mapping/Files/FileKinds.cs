using System.Text;

namespace Gemma4.Server.Mapping.Files;

/// <summary>What a file is by what it begins with: names and media types are the sender's word.</summary>
internal static class FileKinds
{
    /// <summary>Bytes that are looked at.</summary>
    public const int HeadBytes = 16;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The media type of an image, audio clip or video; null of anything else.</summary>
    public static string? MediaTypeOf(ReadOnlySpan<byte> head)
    {
        if (head.Length > 4 && head[0] == 0x89 && head[1..].StartsWith("PNG"u8))
            return "image/png";
        if (head.Length > 2 && head[0] == 0xff && head[1] == 0xd8 && head[2] == 0xff)
            return "image/jpeg";
        if (head.StartsWith("GIF8"u8))
            return "image/gif";
        if (head.StartsWith("BM"u8) && head.Length > 9 && head[6..10].IndexOfAnyExcept((byte)0) < 0)
            return "image/bmp";
        if (head.StartsWith("RIFF"u8) && head.Length >= 12)
            return head[8..].StartsWith("WEBP"u8) ? "image/webp" : head[8..].StartsWith("WAVE"u8) ? "audio/wav" : head[8..].StartsWith("AVI "u8) ? "video/x-msvideo" : null;
        if (head.StartsWith("fLaC"u8))
            return "audio/flac";
        if (head.StartsWith("OggS"u8))
            return "audio/ogg";
        if (head.StartsWith("ID3"u8) || (head.Length > 1 && head[0] == 0xff && (head[1] & 0xe6) == 0xe2))
            return "audio/mpeg";
        if (head.Length >= 8 && head[4..].StartsWith("ftyp"u8))
            return "video/mp4";
        if (head.StartsWith<byte>([0x1a, 0x45, 0xdf, 0xa3]))
            return "video/x-matroska";
        return head.StartsWith("FLV"u8) ? "video/x-flv" : head.StartsWith<byte>([0, 0, 1, 0xba]) ? "video/mpeg" : null;
    }

    /// <summary>The text of a file in UTF-8; null where it is none.</summary>
    public static string? TextOf(ReadOnlySpan<byte> content)
    {
        if (content.StartsWith(Encoding.UTF8.Preamble))
            content = content[Encoding.UTF8.Preamble.Length..];
        if (content.Contains((byte)0))
            return null;
        try
        {
            return Strict.GetString(content);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
