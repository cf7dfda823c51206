using System.Text.Json.Nodes;
using Gemma4.Engine.Tokenization;

namespace Gemma4.Engine.Tests.Tokenization;

/// <summary>Small tokenizer files made for a test.</summary>
internal static class TokenizerFiles
{
    /// <summary>A file of the given tokens, ids in order, and merges; <c>null</c> for all else.</summary>
    public static JsonObject Make(IEnumerable<string> tokens, params (string Left, string Right)[] merges)
    {
        var vocab = new JsonObject();
        foreach (string token in tokens)
            vocab[token] = vocab.Count;
        return new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray(),
            ["normalizer"] = null,
            ["pre_tokenizer"] = null,
            ["post_processor"] = null,
            ["decoder"] = new JsonObject { ["type"] = "Fuse" },
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["unk_token"] = null,
                ["continuing_subword_prefix"] = null,
                ["end_of_word_suffix"] = null,
                ["fuse_unk"] = false,
                ["byte_fallback"] = false,
                ["ignore_merges"] = false,
                ["vocab"] = vocab,
                ["merges"] = new JsonArray([.. merges.Select(m => (JsonNode)new JsonArray(m.Left, m.Right))]),
            },
        };
    }

    public static JsonObject WithAdded(this JsonObject file, int id, string content, params string[] flags)
    {
        var token = new JsonObject { ["id"] = id, ["content"] = content };
        foreach (string flag in new[] { "single_word", "lstrip", "rstrip", "normalized", "special" })
            token[flag] = flags.Contains(flag);
        file["added_tokens"]!.AsArray().Add(token);
        return file;
    }

    public static JsonObject With(this JsonObject file, string key, string json)
    {
        JsonNode owner = file;
        string[] path = key.Split('.');
        foreach (string name in path[..^1])
            owner = owner[name]!;
        owner[path[^1]] = JsonNode.Parse(json);
        return file;
    }

    public static Tokenizer Load(this JsonObject file) => LoadText(file.ToJsonString());

    public static Tokenizer LoadText(string json)
    {
        string path = Path.Combine(Path.GetTempPath(), $"tokenizer-{Guid.NewGuid():N}.json");
        File.WriteAllText(path, json);
        try
        {
            return Tokenizer.Load(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>The 256 byte tokens.</summary>
    public static IEnumerable<string> Bytes => Enumerable.Range(0, 256).Select(b => $"<0x{b:X2}>");

    /// <summary>One token a character.</summary>
    public static IEnumerable<string> Characters(string characters) => characters.EnumerateRunes().Select(r => r.ToString());
}
