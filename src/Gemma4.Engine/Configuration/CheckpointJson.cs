using System.Text.Json;

namespace Gemma4.Engine.Configuration;

/// <summary>Reads the JSON of a checkpoint's files; whatever is wrong with it becomes a <see cref="CheckpointException"/> that names the file.</summary>
internal static class CheckpointJson
{
    /// <summary>Bytes of a file of its own; the largest released one has some hundred thousand.</summary>
    private const int MaxFileBytes = 64 << 20;

    /// <summary>Reads a file; the caller disposes the document.</summary>
    public static JsonDocument Read(string file)
    {
        try
        {
            using FileStream stream = File.OpenRead(file);
            if (stream.Length > MaxFileBytes)
                throw new CheckpointException(file, $"expected at most {MaxFileBytes} bytes, found {stream.Length}");
            byte[] bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return Parse(file, bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(file, $"cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Parses a part of a file; the caller disposes the document.</summary>
    /// <param name="file">Named in errors.</param>
    /// <param name="utf8">JSON. A document's strings are decoded only when asked for, so that all are looked at here.</param>
    /// <param name="what">What it is, for errors.</param>
    public static JsonDocument Parse(string file, ReadOnlyMemory<byte> utf8, string what = "")
    {
        try
        {
            var reader = new Utf8JsonReader(utf8.Span);
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName)
                    _ = reader.GetString();
            }
            return JsonDocument.Parse(utf8);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new CheckpointException(file, $"{what}not valid JSON: {e.Message}", e);
        }
    }
}
