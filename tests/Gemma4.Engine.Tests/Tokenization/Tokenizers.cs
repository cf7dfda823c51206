using System.Text.Json;
using Gemma4.Engine.Tokenization;
using Gemma4.Testing;

namespace Gemma4.Engine.Tests.Tokenization;

/// <summary>Tokenizers that the tests share: each is read once.</summary>
internal static class Tokenizers
{
    private static readonly Lazy<Tokenizer> LazyDemo = new(() => Tokenizer.Load(DemoPath));
    private static readonly Lazy<Tokenizer> LazyReal = new(() => Tokenizer.Load(RepositoryPaths.RequireShared("reference/tokenizer/tokenizer.json.gz")));

    public static string DemoPath => Path.Combine(RepositoryPaths.DemoModel, "tokenizer.json");

    /// <summary>2,048 tokens with the structure of the real one.</summary>
    public static Tokenizer Demo => LazyDemo.Value;

    /// <summary>The real one, which is not part of the repository; skips the running test where it is absent.</summary>
    public static Tokenizer Real
    {
        get
        {
            RepositoryPaths.RequireShared("reference/tokenizer/tokenizer.json.gz");
            return LazyReal.Value;
        }
    }

    public static JsonElement Json(string path) => JsonElement.Parse(File.ReadAllBytes(path));

    public static int[] Ints(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt32())];
}
