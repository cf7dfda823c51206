using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Gemma4.Engine.Tokenization;

/// <summary>What a vocabulary's arrays say of a token (<c>llama_token_type</c>).</summary>
internal enum TokenKind
{
    /// <summary>Text.</summary>
    Normal = 1,

    /// <summary>What cannot be spelled.</summary>
    Unknown = 2,

    /// <summary>Steers the model, and is no text.</summary>
    Control = 3,

    /// <summary>Found in a text as it stands, before the rest is cut.</summary>
    UserDefined = 4,

    /// <summary>Stands for nothing yet.</summary>
    Unused = 5,

    /// <summary>A byte.</summary>
    Byte = 6,
}

/// <summary>A tokenizer of Gemma's kind given as arrays, which is how GGUF files have it.</summary>
/// <remarks>
/// The arrays leave out what is the same for all of Gemma 4: spaces become "▁" and back, characters that the vocabulary lacks become their bytes, byte-pair
/// encoding runs over the whole text between added tokens. So the ids are those of the <c>tokenizer.json</c> that the arrays were made from.
/// </remarks>
internal sealed record TokenizerArrays
{
    /// <summary>Where tokens are, for errors.</summary>
    public const string TokensKey = "tokenizer.ggml.tokens";

    /// <summary>Where merges are, for errors.</summary>
    public const string MergesKey = "tokenizer.ggml.merges";

    /// <summary>
    /// Gemma 4's added tokens. Arrays do not tell them all apart: converters write <c>&lt;|video|&gt;</c> as ordinary text, and tokens of the answer's
    /// grammar as user-defined, though all of them are special.
    /// </summary>
    private static readonly HashSet<string> Special = new(StringComparer.Ordinal)
    {
        "<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "<|tool>", "<tool|>", "<|tool_call>", "<tool_call|>", "<|tool_response>", "<tool_response|>", "<|\"|>",
        "<|think|>", "<|channel>", "<channel|>", "<|turn>", "<turn|>", "<|image>", "<|audio>", "<|image|>", "<|audio|>", "<image|>", "<audio|>", "<|video|>",
    };

    /// <summary>Named in errors.</summary>
    public required string File { get; init; }

    /// <summary>The tokens in UTF-8, by id.</summary>
    public required IReadOnlyList<ReadOnlyMemory<byte>> Tokens { get; init; }

    /// <summary>What they are, by id.</summary>
    public required IReadOnlyList<TokenKind> Kinds { get; init; }

    /// <summary>Two tokens each, with a space between them, the earlier the sooner merged.</summary>
    public required IReadOnlyList<ReadOnlyMemory<byte>> Merges { get; init; }

    /// <summary>What cannot be spelled; null where the vocabulary spells everything.</summary>
    public int? Unknown { get; init; }

    /// <summary>Put before a text by <see cref="Tokenizer.EncodeWithPostProcessor"/>; null for none.</summary>
    public int? Before { get; init; }

    /// <summary>The tokens with their hash table.</summary>
    public Vocabulary ReadVocabulary(TokenizerFile file)
    {
        if (Kinds.Count != Tokens.Count)
            throw file.Error(TokensKey, $"found {Tokens.Count} tokens and {Kinds.Count} types of tokens");
        var vocabulary = new Vocabulary();
        for (int id = 0; id < Tokens.Count; id++)
        {
            ReadOnlySpan<byte> token = Tokens[id].Span;
            string? refusal = Utf8.IsValid(token) ? vocabulary.Add(token, id) : "not UTF-8";
            if (refusal is not null)
                throw file.Error($"{TokensKey}[{id}]", refusal);
        }
        return vocabulary;
    }

    /// <summary>The small parts as JSON: those of <c>tokenizer.json</c>, and the settings of its <c>model</c>.</summary>
    public byte[] WriteParts(Vocabulary vocabulary)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WritePropertyName("normalizer");
            json.WriteRawValue("""{"type": "Replace", "pattern": {"String": " "}, "content": "▁"}""");
            json.WritePropertyName("decoder");
            json.WriteRawValue("""{"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"}]}""");
            json.WriteBoolean("byte_fallback", true);
            json.WriteBoolean("fuse_unk", true);
            if (Unknown is { } unknown)
                json.WriteString("unk_token", vocabulary.Text(unknown));
            if (Before is { } before)
                WriteBefore(json, vocabulary.Text(before), before);
            json.WriteStartArray("added_tokens");
            for (int id = 0; id < Tokens.Count; id++)
                WriteAddedToken(json, id);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return bytes.ToArray();
    }

    private void WriteAddedToken(Utf8JsonWriter json, int id)
    {
        bool marked = Kinds[id] is TokenKind.Control or TokenKind.UserDefined;
        if (!marked && Tokens[id].Span is not [(byte)'<', .., (byte)'>'])      // nearly all: not worth a string
            return;
        string text = Encoding.UTF8.GetString(Tokens[id].Span);
        bool known = Special.Contains(text);
        if (!marked && !known)
            return;
        json.WriteStartObject();
        json.WriteNumber("id", id);
        json.WriteString("content", text);
        json.WriteBoolean("special", known || Kinds[id] == TokenKind.Control);
        json.WriteBoolean("normalized", false);
        json.WriteEndObject();
    }

    private static void WriteBefore(Utf8JsonWriter json, string text, int id)
    {
        json.WriteStartObject("post_processor");
        json.WriteString("type", "TemplateProcessing");
        json.WriteStartArray("single");
        json.WriteStartObject();
        json.WriteStartObject("SpecialToken");
        json.WriteString("id", text);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteRawValue("""{"Sequence": {"id": "A"}}""");
        json.WriteEndArray();
        json.WriteStartObject("special_tokens");
        json.WriteStartObject(text);
        json.WriteStartArray("ids");
        json.WriteNumberValue(id);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
