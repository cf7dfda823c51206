using System.Text.Json;
using Gemma4.Engine.Tokenization;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Tokenization;

/// <summary>Ids and texts of the reference implementation, exactly.</summary>
public sealed class TokenizerGoldenTests
{
    private static readonly string Golden = Path.Combine(RepositoryPaths.Fixtures, "golden", "tokenizer.json");

    [Fact]
    public void Demo_tokenizer_agrees_with_the_reference_on_every_case()
    {
        foreach (JsonElement @case in Tokenizers.Json(Golden).GetProperty("cases").EnumerateArray())
            Agrees(Tokenizers.Demo, @case, "demo", "demo_decoded", "demo_decoded_skip");
    }

    [Fact]
    public void Real_tokenizer_agrees_with_the_reference_on_every_case()
    {
        JsonElement cases = Tokenizers.Json(RepositoryPaths.RequireShared("reference/golden/tokenizer.json"));
        foreach (JsonElement @case in cases.EnumerateArray())
            Agrees(Tokenizers.Real, @case, "ids", "decoded", "decoded_skip_special");
    }

    [Fact]
    public void Real_tokenizer_agrees_with_the_vectors_of_llama_cpp()
    {
        string[] texts = File.ReadAllText(RepositoryPaths.RequireShared("reference/tokenizer/ggml-vocab-gemma-4.gguf.inp"))
            .Split("\n__ggml_vocab_test__\n");
        string[] ids = File.ReadAllLines(RepositoryPaths.RequireShared("reference/tokenizer/ggml-vocab-gemma-4.gguf.out"));
        Assert.Equal(ids.Length, texts.Length);
        for (int i = 0; i < texts.Length; i++)
            Assert.Equal(ids[i].Trim(), string.Join(' ', Tokenizers.Real.Encode(texts[i])));
    }

    private static void Agrees(Tokenizer tokenizer, JsonElement @case, string idsKey, string decodedKey, string skippedKey)
    {
        string text = @case.GetProperty("text").GetString()!;
        int[] ids = Tokenizers.Ints(@case.GetProperty(idsKey));
        Assert.Equal(ids, tokenizer.Encode(text));
        Assert.Equal(@case.GetProperty(decodedKey).GetString(), tokenizer.Decode(ids));
        Assert.Equal(@case.GetProperty(skippedKey).GetString(), tokenizer.Decode(ids, skipSpecialTokens: true));
    }
}
