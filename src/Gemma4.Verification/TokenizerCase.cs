using Gemma4.Engine;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gemma4.Engine.Tokenization;

namespace Gemma4.Verification;

/// <summary>One text and what the reference made of it: its ids, or their count and hash where they are many, and perhaps what they
/// decode to.</summary>
internal sealed record TokenizerCase
{
    /// <summary>How the case is called in the output.</summary>
    public required string Name { get; init; }

    /// <summary>Null where the file does not hold the text, which makes the case fail: nothing could be checked.</summary>
    public required string? Text { get; init; }

    /// <summary>The hash that the text must have, lower-case hexadecimal SHA-256 of its UTF-8.</summary>
    public string? TextSha256 { get; init; }

    public int[]? Ids { get; init; }

    public int? Count { get; init; }

    /// <summary>Lower-case hexadecimal SHA-256 of the ids in decimal with single spaces between.</summary>
    public string? IdsSha256 { get; init; }

    public string? Decoded { get; init; }

    public string? DecodedWithoutSpecial { get; init; }

    /// <summary>All cases that have the key, in the file's order.</summary>
    public static IEnumerable<TokenizerCase> Read(JsonElement root, string key)
    {
        JsonElement cases = root.ValueKind == JsonValueKind.Array ? root : Property(root, "cases") ?? default;
        foreach ((int index, JsonElement @case) in Items(cases))
        {
            if (Property(@case, key) is { ValueKind: JsonValueKind.Array } ids)
            {
                // Files of one tokenizer call the fields "ids" and "decoded", files of several put the key before.
                string prefix = key == "ids" ? "" : key + "_";
                yield return new TokenizerCase
                {
                    Name = $"case {index}",
                    Text = String(@case, "text"),
                    Ids = [.. ids.EnumerateArray().Select(id => id.GetInt32())],
                    Decoded = String(@case, prefix + "decoded"),
                    DecodedWithoutSpecial = String(@case, prefix + "decoded_skip") ?? String(@case, prefix + "decoded_skip_special"),
                };
            }
        }
        foreach ((int index, JsonElement @case) in Items(root.ValueKind == JsonValueKind.Object ? Property(root, "long") ?? default : default))
        {
            if (Property(@case, key) is { ValueKind: JsonValueKind.Object } summary)
            {
                yield return new TokenizerCase
                {
                    Name = $"long {String(@case, "name") ?? index.ToString()}",
                    Text = String(@case, "text"),
                    TextSha256 = String(@case, "sha256"),
                    Count = Property(summary, "count")?.GetInt32(),
                    IdsSha256 = String(summary, "sha256"),
                };
            }
        }
    }

    /// <summary>Compares everything that the case gives.</summary>
    /// <returns>Null when all is equal, or the first difference.</returns>
    public string? Check(Tokenizer tokenizer)
    {
        if (Text is null)
            return "the file does not hold the text";
        if (TextSha256 is not null && TextSha256 != Sha256(Text))
            return "the text does not have the hash that the file gives";
        int[] ids = tokenizer.Encode(Text);
        return CheckIds(ids)
            ?? CheckText("decoded", Decoded, tokenizer.Decode(Ids ?? ids), Stream(tokenizer, Ids ?? ids, skipSpecialTokens: false))
            ?? CheckText("decoded without special tokens", DecodedWithoutSpecial, tokenizer.Decode(Ids ?? ids, skipSpecialTokens: true),
                Stream(tokenizer, Ids ?? ids, skipSpecialTokens: true));
    }

    private string? CheckIds(int[] ids)
    {
        if (Ids is not null)
        {
            int same = ids.AsSpan().CommonPrefixLength(Ids);
            if (same < Math.Max(ids.Length, Ids.Length))
                return $"token {same} is {At(ids, same)}, expected {At(Ids, same)} ({ids.Length} tokens, expected {Ids.Length})";
        }
        if (Count is not null && Count != ids.Length)
            return $"{ids.Length} tokens, expected {Count}";
        return IdsSha256 is not null && IdsSha256 != Sha256(string.Join(' ', ids)) ? $"{ids.Length} tokens, as expected, but not the same" : null;

        static string At(int[] ids, int index) => index < ids.Length ? ids[index].ToString() : "absent";
    }

    private static string? CheckText(string what, string? expected, string whole, string streamed)
    {
        if (expected is not null && whole != expected)
            return $"{what} {JsonSerializer.Serialize(whole)}, expected {JsonSerializer.Serialize(expected)}";
        return streamed != whole ? $"{what} token by token {JsonSerializer.Serialize(streamed)}, as a whole {JsonSerializer.Serialize(whole)}" : null;
    }

    private static string Stream(Tokenizer tokenizer, int[] ids, bool skipSpecialTokens)
    {
        var detokenizer = new IncrementalDetokenizer(tokenizer, skipSpecialTokens);
        var text = new StringBuilder();
        foreach (int id in ids)
            text.Append(detokenizer.Append(id));
        return text.Append(detokenizer.Flush()).ToString();
    }

    private static string Sha256(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static IEnumerable<(int Index, JsonElement Item)> Items(JsonElement array) =>
        array.ValueKind == JsonValueKind.Array ? array.EnumerateArray().Index() : [];

    private static JsonElement? Property(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null
            ? value
            : null;

    private static string? String(JsonElement element, string name) =>
        Property(element, name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;
}
