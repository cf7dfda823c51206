using Gemma4.Engine.Chat;

namespace Gemma4.Server.Media;

/// <summary>Reads <c>data:</c> URLs (RFC 2397) of base64.</summary>
internal static class DataUri
{
    /// <summary>Whether a URL holds its data itself.</summary>
    public static bool Is(string url) => url.StartsWith("data:", StringComparison.OrdinalIgnoreCase);

    /// <summary>Decodes one.</summary>
    /// <param name="url">Begins with <c>data:</c>.</param>
    /// <param name="kind">What its media type must be.</param>
    /// <param name="maxBytes">Checked before decoding.</param>
    /// <param name="param">The request field to name in a refusal.</param>
    /// <exception cref="Engine.Requests.RequestRejectedException">Another media type, no base64, or too large.</exception>
    public static byte[] Decode(string url, MediaKind kind, int maxBytes, string? param)
    {
        int comma = url.IndexOf(',', StringComparison.Ordinal);
        if (comma < 0)
            throw MediaRejected.Url(kind, "A data URL has the form data:<media type>;base64,<data>.", param);
        string[] head = url["data:".Length..comma].Split(';', StringSplitOptions.TrimEntries);
        if (!IsKind(head[0], kind))
            throw MediaRejected.MediaType(kind, param);
        if (!head[^1].Equals("base64", StringComparison.OrdinalIgnoreCase))
            throw MediaRejected.Url(kind, "A data URL must be encoded in base64: data:<media type>;base64,<data>.", param);
        ReadOnlySpan<char> data = url.AsSpan(comma + 1);
        if (data.Contains('%')) // as in any URL
            data = Uri.UnescapeDataString(data);
        return DecodeBase64(data, kind, maxBytes, param);
    }

    /// <summary>Decodes base64, with or without its padding; white space in it is skipped.</summary>
    public static byte[] DecodeBase64(ReadOnlySpan<char> text, MediaKind kind, int maxBytes, string? param)
    {
        text = text.Trim();
        if (text.Length / 4 * 3L > maxBytes + 3L)
            throw MediaRejected.TooLarge(kind, maxBytes, param);
        string padding = (text.Length % 4) switch { 2 => "==", 3 => "=", _ => "" };
        var bytes = new byte[(text.Length + padding.Length) / 4 * 3];
        bool valid = padding.Length > 0 && !text.Contains('=')
            ? Convert.TryFromBase64String(string.Concat(text, padding), bytes, out int length)
            : Convert.TryFromBase64Chars(text, bytes, out length);
        if (!valid)
            throw MediaRejected.Base64(kind, param);
        if (length > maxBytes)
            throw MediaRejected.TooLarge(kind, maxBytes, param);
        return length == bytes.Length ? bytes : bytes[..length];
    }

    private static bool IsKind(string mediaType, MediaKind kind) =>
        mediaType.StartsWith(MediaRejected.Name(kind) + "/", StringComparison.OrdinalIgnoreCase)
            || mediaType.Equals("application/octet-stream", StringComparison.OrdinalIgnoreCase)
            || (kind != MediaKind.Image && mediaType.Equals("application/ogg", StringComparison.OrdinalIgnoreCase));
}
