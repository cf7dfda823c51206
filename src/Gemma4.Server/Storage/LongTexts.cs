using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Gemma4.Server.Storage;

/// <summary>Takes long texts out of JSON, media above all, so that each is kept once whatever it is sent in; and puts them back.</summary>
/// <remarks>In the place of a text stands U+0000, <c>blob:</c> and the hash. A text of the caller's that begins with U+0000 gets another in front.</remarks>
internal static class LongTexts
{
    /// <summary>Bytes from which on a text is long. A row for a text of less would cost more than keeping it twice.</summary>
    public const int MinLength = 4096;

    /// <summary>JSON in JSON: an answer may hold what a request held, which is checked to 64.</summary>
    private const int MaxDepth = 256;

    private const string Mark = "\0blob:";

    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true, MaxDepth = MaxDepth };

    /// <summary>What <see cref="Mark"/> begins with, as JSON has it.</summary>
    private static ReadOnlySpan<byte> Nul => "\\u0000"u8;

    /// <summary>The JSON without its long texts.</summary>
    /// <param name="json">Valid JSON.</param>
    /// <param name="texts">Gets them, by their hashes.</param>
    public static byte[] Split(byte[] json, Dictionary<string, byte[]> texts) => json.Length < MinLength && json.AsSpan().IndexOf(Nul) < 0
        ? json
        : Rewrite(json, (ref Utf8JsonReader reader) =>
        {
            if (reader.ValueSpan.Length < MinLength)
                return reader.GetString() is { } text && text.StartsWith('\0') ? "\0" + text : null;
            byte[] content = new byte[reader.ValueSpan.Length];
            content = content[..reader.CopyString(content)];
            string hash = Convert.ToHexStringLower(SHA256.HashData(content));
            texts[hash] = content;
            return Mark + hash;
        });

    /// <summary>Adds the hashes of the long texts that stood in some JSON.</summary>
    public static void Find(byte[] json, ISet<string> hashes)
    {
        if (json.AsSpan().IndexOf(Nul) < 0)
            return;
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.String && reader.GetString()!.StartsWith(Mark, StringComparison.Ordinal))
                hashes.Add(reader.GetString()![Mark.Length..]);
        }
    }

    /// <summary>The JSON with its long texts.</summary>
    public static byte[] Join(byte[] json, IReadOnlyDictionary<string, string> texts) => json.AsSpan().IndexOf(Nul) < 0
        ? json
        : Rewrite(json, (ref Utf8JsonReader reader) =>
        {
            string text = reader.GetString()!;
            if (text.StartsWith(Mark, StringComparison.Ordinal))
                return texts[text[Mark.Length..]];
            return text.StartsWith('\0') ? text[1..] : null;
        });

    private delegate string? Replacement(ref Utf8JsonReader reader);

    /// <summary>Copies JSON, with other texts where the replacement gives one.</summary>
    private static byte[] Rewrite(byte[] json, Replacement replace)
    {
        var output = new MemoryStream();
        using var writer = new Utf8JsonWriter(output, Writing);
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject:
                    writer.WriteStartObject();
                    break;
                case JsonTokenType.EndObject:
                    writer.WriteEndObject();
                    break;
                case JsonTokenType.StartArray:
                    writer.WriteStartArray();
                    break;
                case JsonTokenType.EndArray:
                    writer.WriteEndArray();
                    break;
                case JsonTokenType.PropertyName:
                    writer.WritePropertyName(reader.GetString()!);
                    break;
                case JsonTokenType.String:
                    writer.WriteStringValue(replace(ref reader) ?? reader.GetString());
                    break;
                default:
                    writer.WriteRawValue(reader.ValueSpan, skipInputValidation: true);
                    break;
            }
        }
        writer.Flush();
        return output.ToArray();
    }
}
