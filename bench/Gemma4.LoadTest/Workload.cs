using System.Text;
using System.Text.Json.Nodes;

namespace Gemma4.LoadTest;

/// <summary>One request to send.</summary>
/// <param name="Prompt">The user's message.</param>
/// <param name="MaxTokens">Exactly this many tokens are generated.</param>
internal sealed record LoadRequest(string Prompt, int MaxTokens)
{
    /// <summary>Images before the prompt.</summary>
    public IReadOnlyList<LoadImage> Images { get; init; } = [];

    /// <summary>A part of the message that is a video, before the prompt.</summary>
    public JsonObject? Video { get; init; }
}

/// <summary>An image to send.</summary>
/// <param name="DataUri">The file.</param>
/// <param name="MaxSoftTokens">Its budget.</param>
internal sealed record LoadImage(string DataUri, int MaxSoftTokens);

/// <summary>Requests as a pure function of the seed: the same run twice sends the same text in the same order.</summary>
internal static class Workload
{
    private static readonly string[] Words =
        ["the", "cat", "sees", "a", "red", "house", "near", "old", "river", "where", "birds", "sing", "every", "morning", "while", "rain",
         "falls", "on", "quiet", "fields", "and", "people", "walk", "home", "slowly", "with", "bread", "light", "seven", "green", "fox", "story"];

    /// <summary>The fixed list.</summary>
    public static string AllWords { get; } = string.Join(' ', Words);

    public static LoadRequest Create(LoadOptions options, int index)
    {
        var lengths = new Random(Mix(options.Seed, index));
        int words = LogUniform(lengths, options.PromptWords);
        int tokens = LogUniform(lengths, options.OutputTokens);
        if (options.EqualPrompts)
            (words, tokens) = (options.PromptWords.Max, options.OutputTokens.Max);
        return new LoadRequest(Text(options.EqualPrompts ? options.Seed : Mix(options.Seed, ~index), words), tokens);
    }

    /// <summary>Words drawn from a fixed list.</summary>
    public static string Text(int seed, int words)
    {
        var random = new Random(seed);
        var text = new StringBuilder();
        for (int i = 0; i < words; i++)
            text.Append(i == 0 ? "" : " ").Append(Words[random.Next(Words.Length)]);
        return text.ToString();
    }

    /// <summary>One seed from two; the same in every process, as <see cref="HashCode"/> is not.</summary>
    public static int Mix(int seed, int index) => unchecked(seed * 1_000_003 ^ index * 31_337);

    private static int LogUniform(Random random, (int Min, int Max) range) =>
        (int)Math.Round(Math.Exp(Math.Log(range.Min) + random.NextDouble() * (Math.Log(range.Max) - Math.Log(range.Min))));
}
