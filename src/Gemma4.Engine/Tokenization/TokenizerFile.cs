using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Gemma4.Engine.Tokenization;

/// <summary>
/// The parts of a <c>tokenizer.json</c>, read in one pass: vocabulary and merges, thirty megabytes of it, into compact arrays,
/// the small rest into JSON elements. Or the same parts of a tokenizer that came as arrays.
/// </summary>
internal sealed class TokenizerFile
{
    private const string SubwordPrefix = "continuing_subword_prefix";

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

    public Vocabulary Vocabulary { get; private set; } = null!;

    public List<Merge> Merges { get; private set; } = null!;

    public static TokenizerFile Read(string path)
    {
        try
        {
            var file = new TokenizerFile(path, ReadBytes(path));
            file.ReadTop();
            return file;
        }
        catch (Exception e) when (e is IOException and not FileNotFoundException or UnauthorizedAccessException)
        {
            throw new InvalidDataException($"{path}: cannot be read: {e.Message}", e);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)      // the latter: a string that is no Unicode text
        {
            throw new InvalidDataException($"{path}: not valid JSON: {e.Message}", e);
        }
    }

    /// <summary>The parts that a <c>tokenizer.json</c> of Gemma's would have.</summary>
    public static TokenizerFile Of(TokenizerArrays arrays)
    {
        var file = new TokenizerFile(arrays.File, []);
        file.Vocabulary = arrays.ReadVocabulary(file);
        file.Merges = new MergeReader(file, TokenizerArrays.MergesKey, file.Vocabulary, subwordPrefixBytes: 0).Read(arrays.Merges);
        using JsonDocument parts = JsonDocument.Parse(arrays.WriteParts(file.Vocabulary));
        foreach (JsonProperty part in parts.RootElement.Clone().EnumerateObject())
        {
            switch (part.Name)
            {
                case "added_tokens": file.AddedTokens = part.Value; break;
                case "normalizer": file.Normalizer = part.Value; break;
                case "post_processor": file.PostProcessor = part.Value; break;
                case "decoder": file.Decoder = part.Value; break;
                default: file.Model[part.Name] = part.Value; break;
            }
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
                case "added_tokens": AddedTokens = ReadPart(ref reader); break;
                case "normalizer": Normalizer = ReadPart(ref reader); break;
                case "pre_tokenizer": PreTokenizer = ReadPart(ref reader); break;
                case "post_processor": PostProcessor = ReadPart(ref reader); break;
                case "decoder": Decoder = ReadPart(ref reader); break;
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

    /// <summary>A small part, whose strings are all text: an element decodes them only when asked for.</summary>
    private static JsonElement ReadPart(ref Utf8JsonReader reader)
    {
        JsonElement part = JsonElement.ParseValue(ref reader);
        var strings = new Utf8JsonReader(JsonMarshal.GetRawUtf8Value(part));
        while (strings.Read())
        {
            if (strings.TokenType is JsonTokenType.String or JsonTokenType.PropertyName)
                _ = strings.GetString();
        }
        return part;
    }

    private void ReadModel(ref Utf8JsonReader reader, int start)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw Error("model", "an object is expected");
        Vocabulary? vocabulary = null;
        List<Merge>? merges = null;
        int mergesAt = -1;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            reader.Read();
            switch (key)
            {
                case "vocab":
                    vocabulary = VocabularyReader.Read(this, ref reader);
                    break;
                case "merges":
                    mergesAt = start + (int)reader.TokenStartIndex;
                    if (vocabulary is null || !Model.ContainsKey(SubwordPrefix))
                        reader.Skip();   // what merges refer to may still come
                    else
                        merges = ReadMerges(vocabulary, ref reader);
                    break;
                default:
                    Model[key] = ReadPart(ref reader);
                    break;
            }
        }
        if (Model.TryGetValue("type", out JsonElement type) && !(type.ValueKind == JsonValueKind.String && type.ValueEquals("BPE")))
            throw Error("model.type", $"only BPE is supported, found {type.GetRawText()}");
        Vocabulary = vocabulary ?? throw Error("model.vocab", "missing");
        if (mergesAt < 0)
            throw Error("model.merges", "missing");
        if (merges is null)
        {
            var again = new Utf8JsonReader(_utf8.AsSpan(mergesAt), isFinalBlock: false, default);   // what follows is not read
            again.Read();
            merges = ReadMerges(vocabulary, ref again);
        }
        Merges = merges;
    }

    private List<Merge> ReadMerges(Vocabulary vocabulary, ref Utf8JsonReader reader)
    {
        string prefix = new JsonPart(this, $"model.{SubwordPrefix}", Model.GetValueOrDefault(SubwordPrefix)).AsString(whenAbsent: "");
        return new MergeReader(this, "model.merges", vocabulary, Encoding.UTF8.GetByteCount(prefix)).Read(ref reader);
    }
}
