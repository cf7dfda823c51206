using Gemma4.Server.Errors;
using Gemma4.Server.Media;
using Gemma4.Server.OpenAI.Files;
using Gemma4.Server.Storage;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Mapping.Files;

/// <summary>Reads the files that stand in requests by their ids, or as data.</summary>
internal sealed class ReferredFiles(IOptions<MediaAccessOptions> media)
{
    /// <summary>More text than any context takes.</summary>
    private const int MaxTextBytes = 16 << 20;

    /// <summary>A file that is kept.</summary>
    /// <param name="files">The caller's.</param>
    /// <param name="id">Its id.</param>
    /// <param name="param">The field that names it.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="ApiException">It is not kept, too large, or nothing that the model takes.</exception>
    public async Task<ReferredFile> ReadAsync(CallerFiles files, string id, string param, CancellationToken cancellationToken)
    {
        StoredFile file = await files.FindAsync(id, cancellationToken) ?? throw Fault.Of($"File with id '{id}' not found.", param, "file_not_found");
        await using Stream content = files.Open(file);
        byte[] head = new byte[(int)Math.Min(file.Bytes, FileKinds.HeadBytes)];
        await content.ReadExactlyAsync(head, cancellationToken);
        long most = MaxBytes(FileKinds.MediaTypeOf(head));
        if (file.Bytes > most)
            throw Fault.Of($"The file '{id}' has {file.Bytes} bytes, more than the {most} that may stand in a request.", param, "file_too_large");
        byte[] bytes = new byte[file.Bytes];
        content.Position = 0;
        await content.ReadExactlyAsync(bytes, cancellationToken);
        return Read(bytes, file.Filename, param);
    }

    /// <summary>A file that stands in the request itself: a data URL, or base64 alone.</summary>
    /// <exception cref="ApiException">It is not base64, too large, or nothing that the model takes.</exception>
    public ReferredFile Read(string data, string? name, string param)
    {
        int comma = data.StartsWith("data:", StringComparison.OrdinalIgnoreCase) ? data.IndexOf(',', StringComparison.Ordinal) : -1;
        ReadOnlySpan<char> text = data.AsSpan(comma + 1).Trim();
        byte[] bytes = new byte[(text.Length / 4 * 3) + 3];
        if (!Convert.TryFromBase64Chars(text, bytes, out int length))
            throw Fault.Of($"Invalid '{param}': expected base64, or a data URL of base64.", param, "invalid_value");
        bytes = bytes[..length];
        if (bytes.LongLength > MaxBytes(FileKinds.MediaTypeOf(bytes.AsSpan(0, Math.Min(length, FileKinds.HeadBytes)))))
            throw Fault.Of($"The file has {length} bytes, more than may stand in a request.", param, "file_too_large");
        return Read(bytes, name ?? "file", param);
    }

    private static ReferredFile Read(byte[] bytes, string name, string param) => FileKinds.MediaTypeOf(bytes.AsSpan(0, Math.Min(bytes.Length, FileKinds.HeadBytes))) switch
    {
        { } image when image.StartsWith("image/", StringComparison.Ordinal) => new ReferredFile.Image(DataUrl(image, bytes)),
        { } audio when audio.StartsWith("audio/", StringComparison.Ordinal) => new ReferredFile.Audio(Convert.ToBase64String(bytes)),
        { } video => new ReferredFile.Video(DataUrl(video, bytes)),
        null => new ReferredFile.Text(Titled(
            name,
            FileKinds.TextOf(bytes) ?? throw Fault.UnsupportedValue(param, $"The file '{name}' is neither text in UTF-8 nor an image, audio clip or video that this server reads."))),
    };

    private long MaxBytes(string? mediaType) => mediaType?[..5] switch
    {
        "image" => media.Value.MaxImageBytes,
        "audio" => media.Value.MaxAudioBytes,
        "video" => media.Value.MaxVideoBytes,
        _ => MaxTextBytes,
    };

    private static string DataUrl(string mediaType, byte[] bytes) => $"data:{mediaType};base64,{Convert.ToBase64String(bytes)}";

    /// <summary>A document as the model is shown documents in messages: its name, then what it says.</summary>
    private static string Titled(string name, string text) => $"{name}\n\n{text}";
}
