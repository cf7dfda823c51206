using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Loading.Gguf;
using Gemma4.Engine.Tests.Loading.Gguf;
using Gemma4.Engine.Tests.Tokenization;
using Gemma4.Engine.Tokenization;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests;

/// <summary>The tokenizer of a GGUF file gives the ids of the <c>tokenizer.json</c> it was made from.</summary>
public sealed class GgufTokenizerTests
{
    /// <summary>The demo tokenizer's <c>&lt;mask&gt;</c> is an added token and not special. Released ones have it special, as all, and arrays cannot say otherwise.</summary>
    private const int Mask = 4;

    private static readonly Lazy<Tokenizer> Tiny = new(() => GgufTokenizer.Load(GgufFile.Read(GgufFixtures.Find("tiny-e2b-Q4_0")).Metadata));

    [Fact]
    public void Every_golden_text_has_the_reference_ids()
    {
        foreach (JsonElement @case in Tokenizers.Json(Path.Combine(RepositoryPaths.Fixtures, "golden", "tokenizer.json")).GetProperty("cases").EnumerateArray())
        {
            int[] ids = Tokenizers.Ints(@case.GetProperty("demo"));
            Assert.Equal(ids, Tiny.Value.Encode(@case.GetProperty("text").GetString()!));
            Assert.Equal(@case.GetProperty("demo_decoded").GetString(), Tiny.Value.Decode(ids));
            if (!ids.Contains(Mask))
                Assert.Equal(@case.GetProperty("demo_decoded_skip").GetString(), Tiny.Value.Decode(ids, skipSpecialTokens: true));
        }
    }

    [Fact]
    public void Tiny_tokenizer_is_that_of_the_folder() =>
        Equal(Tokenizer.Load(Path.Combine(RepositoryPaths.Fixtures, "models", "tiny-e2b", "tokenizer.json")), Tiny.Value, exceptSpecial: Mask);

    [Fact]
    public void Real_tokenizer_written_as_arrays_is_the_same()
    {
        using JsonDocument json = ReadReal();
        Tokenizer real = Tokenizers.Real, arrays = Tokenizer.Of(Arrays(json.RootElement));
        Equal(real, arrays);
        foreach (JsonElement @case in Tokenizers.Json(RepositoryPaths.RequireShared("reference/golden/tokenizer.json")).EnumerateArray())
            Assert.Equal(Tokenizers.Ints(@case.GetProperty("ids")), arrays.Encode(@case.GetProperty("text").GetString()!));
        // Text of many kinds: the reference material's pages, configurations and templates.
        foreach (string file in Directory.EnumerateFiles(RepositoryPaths.RequireShared("reference"), "*.*", SearchOption.AllDirectories)
            .Where(f => Path.GetExtension(f) is ".md" or ".jinja" or ".json" or ".inp").Order(StringComparer.Ordinal))
        {
            string text = File.ReadAllText(file);
            text = text[..Math.Min(text.Length, 100_000)];
            Assert.True(real.Encode(text).AsSpan().SequenceEqual(arrays.Encode(text)), file);
        }
    }

    [Fact]
    public void Templates_know_the_tokens_that_the_folder_names()
    {
        IReadOnlyDictionary<string, string> expected = Engine.Chat.TokenizerConfig.Load(Path.Combine(RepositoryPaths.Fixtures, "models", "tiny-e2b")).SpecialTokens;
        Assert.Equal(expected.OrderBy(t => t.Key), GgufTokenizer.SpecialTokens(Tiny.Value).OrderBy(t => t.Key));
    }

    [Theory]
    [InlineData(0xFF, "tokenizer.ggml.tokens[300]", "not UTF-8")]
    [InlineData('<', "tokenizer.ggml.")]
    public void Damaged_vocabulary_is_refused_by_key(int replacement, params string[] words)
    {
        byte[] file = File.ReadAllBytes(GgufFixtures.Find("tiny-31b-Q4_0"));
        GgufValue tokens = GgufHeader.Read("some.gguf", new MemoryStream(file)).Metadata.Find(TokenizerArrays.TokensKey)!;
        int at = file.AsSpan().IndexOf([.. BitConverter.GetBytes((ulong)tokens.String(300)!.Value.Length), .. tokens.String(300)!.Value.Span, .. BitConverter.GetBytes((ulong)tokens.String(301)!.Value.Length)]);
        file[at + sizeof(ulong)] = (byte)replacement;
        GgufMetadata keys = GgufHeader.Read("some.gguf", new MemoryStream(file)).Metadata;
        var refusal = Assert.Throws<InvalidDataException>(() => GgufTokenizer.Load(keys));
        Assert.All([.. words, "some.gguf"], word => Assert.Contains(word, refusal.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Other_kinds_of_tokenizers_are_refused()
    {
        GgufMetadata keys = GgufHeader.Read("some.gguf", new MemoryStream(new GgufBuilder().Key("tokenizer.ggml.model", "gpt2").Build())).Metadata;
        var refusal = Assert.Throws<CheckpointException>(() => GgufTokenizer.Load(keys));
        Assert.Contains("tokenizer.ggml.model", refusal.Message, StringComparison.Ordinal);
        keys = GgufHeader.Read("some.gguf", new MemoryStream(new GgufBuilder().Key("tokenizer.ggml.model", "gemma4").Build())).Metadata;
        refusal = Assert.Throws<CheckpointException>(() => GgufTokenizer.Load(keys));
        Assert.Contains("tokenizer.ggml.tokens: missing", refusal.Message, StringComparison.Ordinal);
    }

    private static void Equal(Tokenizer expected, Tokenizer actual, int exceptSpecial = -1)
    {
        Assert.Equal(expected.VocabularySize, actual.VocabularySize);
        for (int id = 0; id < expected.VocabularySize; id++)
        {
            Assert.True(expected.TokenBytes(id).SequenceEqual(actual.TokenBytes(id)), expected.TokenText(id));
            Assert.True(expected.IsAddedToken(id) == actual.IsAddedToken(id), expected.TokenText(id));
            Assert.True(expected.IsSpecial(id) == actual.IsSpecial(id) || id == exceptSpecial, expected.TokenText(id));
        }
        var random = new RandomText(seed: 11);
        for (int i = 0; i < 2000; i++)
        {
            string text = random.Next();
            Assert.Equal(expected.Encode(text), actual.Encode(text));
            Assert.Equal(expected.EncodeText(text), actual.EncodeText(text));
        }
    }

    private static JsonDocument ReadReal()
    {
        using var zipped = new GZipStream(File.OpenRead(RepositoryPaths.RequireShared("reference/tokenizer/tokenizer.json.gz")), CompressionMode.Decompress);
        return JsonDocument.Parse(zipped);
    }

    /// <summary>As the converter writes them: added tokens are control tokens, those of the answer's grammar user-defined, and <c>&lt;|video|&gt;</c> is text.</summary>
    private static TokenizerArrays Arrays(JsonElement json)
    {
        JsonElement model = json.GetProperty("model");
        var tokens = new ReadOnlyMemory<byte>[model.GetProperty("vocab").EnumerateObject().Count()];
        foreach (JsonProperty token in model.GetProperty("vocab").EnumerateObject())
            tokens[token.Value.GetInt32()] = Encoding.UTF8.GetBytes(token.Name);
        var kinds = new TokenKind[tokens.Length];
        Array.Fill(kinds, TokenKind.Normal);
        string[] visible = ["<|channel>", "<channel|>", "<|tool_call>", "<tool_call|>", "<|tool_response>", "<tool_response|>", "<|\"|>"];
        foreach (JsonElement added in json.GetProperty("added_tokens").EnumerateArray())
        {
            string content = added.GetProperty("content").GetString()!;
            kinds[added.GetProperty("id").GetInt32()] = content == "<|video|>" ? TokenKind.Normal : visible.Contains(content) ? TokenKind.UserDefined : TokenKind.Control;
        }
        return new TokenizerArrays
        {
            File = "some.gguf",
            Tokens = tokens,
            Kinds = kinds,
            Merges = [.. model.GetProperty("merges").EnumerateArray().Select(m => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes($"{m[0].GetString()} {m[1].GetString()}"))],
            Unknown = 3,
            Before = 2,
        };
    }
}
