using Gemma4.Engine.Tokenization;

namespace Gemma4.Testing;

/// <summary>The demo model's tokenizer, loaded once.</summary>
internal static class DemoTokenizer
{
    private static readonly Lazy<Tokenizer> Shared = new(() => Tokenizer.Load(Path.Combine(RepositoryPaths.DemoModel, "tokenizer.json")));

    /// <summary>It.</summary>
    public static Tokenizer Instance => Shared.Value;
}
