using System.IO.Compression;
using System.Text;
using System.Text.Json;

namespace Gemma4.Engine.Tokenization;

/// <summary>
/// The parts of a <c>tokenizer.json</c>. The two large ones, vocabulary and merges, stay as ranges of the file's bytes for
/// their readers, whichever of them the file has first; the small ones are read into JSON elements.
/// </summary>
internal sealed class TokenizerFile
{
    private readonly byte[] _utf8;

    private TokenizerFile(string path, byte[] utf8)
    {
        Path = path;
        _utf8 = utf8;
    }

    public string Path { get; }

    public JsonElement AddedTokens { get; private set; }

    public JsonElement Normalizer { get; private set; }

    public JsonElement PreTokenizer { get; private set; }

    public JsonElement PostProcessor { get; private set; }

    public JsonElement Decoder { get; private set; }

    /// <summary>The model's settings but for vocabulary and merges.</summary>
    public Dictionary<string, JsonElement> Model { get; } = new(StringComparer.Ordinal);

    public Range Vocab { get; private set; }

    public Range Merges { get; private set; }

    public ReadOnlySpan<byte> this[Range range] => _utf8.AsSpan(range);

    public static TokenizerFile Read(string path)
    {
        byte[] utf8 = ReadBytes(path);
        var file = new TokenizerFile(path, utf8);
        try
        {
            file.ReadTop();
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path}: not valid JSON: {e.Message}", e);
        }
        return file;
    }

    /// <summary>The error of this file at a key.</summary>
    public InvalidDataException Error(string key, string cause) => new($"{Path}: {key}: {cause}");

    private static byte[] ReadBytes(string path)
    {
        if (!path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase))
            return File.ReadAllBytes(path);
        using var unzipped = new MemoryStream();
        using (var zipped = new GZipStream(File.OpenRead(path), CompressionMode.Decompress))
            zipped.CopyTo(unzipped);
        return unzipped.ToArray();
    }

    private void ReadTop()
    {
        int start = _utf8.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? Encoding.UTF8.Preamble.Length : 0;
        var reader = new Utf8JsonReader(_utf8.AsSpan(start));
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            throw Error("$", "an object is expected");
        bool hasModel = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            reader.Read();
            switch (key)
            {
                case "added_tokens": AddedTokens = JsonElement.ParseValue(ref reader); break;
                case "normalizer": Normalizer = JsonElement.ParseValue(ref reader); break;
                case "pre_tokenizer": PreTokenizer = JsonElement.ParseValue(ref reader); break;
                case "post_processor": PostProcessor = JsonElement.ParseValue(ref reader); break;
                case "decoder": Decoder = JsonElement.ParseValue(ref reader); break;
                case "model":
                    ReadModel(ref reader, start);
                    hasModel = true;
                    break;
                default: reader.Skip(); break;   // truncation and padding are about batches, not about texts
            }
        }
        reader.Read();   // throws on anything after the closing brace
        if (!hasModel)
            throw Error("model", "missing");
    }

    private void ReadModel(ref Utf8JsonReader reader, int start)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw Error("model", "an object is expected");
        bool hasVocab = false, hasMerges = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            reader.Read();
            switch (key)
            {
                case "vocab":
                    Vocab = Skip(ref reader, JsonTokenType.StartObject, "model.vocab", "an object of token to id is expected", start);
                    hasVocab = true;
                    break;
                case "merges":
                    Merges = Skip(ref reader, JsonTokenType.StartArray, "model.merges", "an array is expected", start);
                    hasMerges = true;
                    break;
                default: Model[key] = JsonElement.ParseValue(ref reader); break;
            }
        }
        if (Model.TryGetValue("type", out JsonElement type) && !(type.ValueKind == JsonValueKind.String && type.ValueEquals("BPE")))
            throw Error("model.type", $"only BPE is supported, found {type.GetRawText()}");
        if (!hasVocab)
            throw Error("model.vocab", "missing");
        if (!hasMerges)
            throw Error("model.merges", "missing");
    }

    private Range Skip(ref Utf8JsonReader reader, JsonTokenType expected, string key, string cause, int start)
    {
        if (reader.TokenType != expected)
            throw Error(key, cause);
        int from = start + (int)reader.TokenStartIndex;
        reader.Skip();
        return from..(start + (int)reader.BytesConsumed);
    }
}
