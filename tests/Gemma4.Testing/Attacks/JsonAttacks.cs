using System.Text;

namespace Gemma4.Testing.Attacks;

/// <summary>Bodies that are hard to parse, to every API.</summary>
internal static class JsonAttacks
{
    private static readonly (string Api, string Path)[] Apis =
    [
        .. TextRequests.Apis.Select(api => (api, TextRequests.Path(api))), ("tokenize", "/tokenize"), ("detokenize", "/detokenize"),
    ];

    public static IEnumerable<Attack> All => Apis.SelectMany(api => Rows(api.Api, api.Path));

    private static IEnumerable<Attack> Rows(string api, string path)
    {
        Attack Row(string name, Func<string> body, Outcome expected) => Attack.Post($"{api}: {name}", path, body, expected);
        Attack With(string name, Func<string> fields, Outcome expected) => Row(name, () => Valid(api, "," + fields()), expected);

        yield return With("20,000 arrays in each other", () => $"\"x\":{new string('[', 20_000)}{new string(']', 20_000)}", Outcome.Refused());
        yield return With("arrays in each other, never closed", () => $"\"x\":{new string('[', 5_000_000)}", Outcome.Refused());
        yield return With("65 objects in each other", () => $"\"x\":{Repeat("{\"a\":", 65)}1{new string('}', 65)}", Outcome.Refused());
        yield return With("60 objects in each other", () => $"\"x\":{Repeat("{\"a\":", 60)}1{new string('}', 60)}", Outcome.Valid);
        yield return With("a million numbers nobody asked for", () => $"\"x\":[{Repeat("0,", 1_000_000)}0]", Outcome.Valid);
        yield return With("a number of a million digits", () => $"\"x\":1{new string('0', 1_000_000)}", Outcome.Valid);
        yield return With("a hundred thousand unknown fields", () => string.Join(',', Enumerable.Range(0, 100_000).Select(i => $"\"f{i}\":1")), Outcome.Valid);
        yield return With("one field a hundred thousand times", () => string.Join(',', Enumerable.Repeat("\"x\":1", 100_000)), Outcome.Valid);
        yield return With("the model twice", () => "\"model\":\"other\"", new Outcome(200, 400, 404));
        yield return With("a name of five megabytes", () => $"\"{new string('k', 5_000_000)}\":1", Outcome.Valid);
        yield return With("half a surrogate pair", () => "\"user\":\"\\ud800\",\"prompt\":\"\\ud800\",\"input\":\"\\ud800\",\"system\":\"\\ud800\",\"tokens\":[\"\\ud800\"]", Outcome.Refused());
        yield return With("a raw NUL", () => "\"user\":\"a\0b\"", Outcome.Refused());
        yield return Row("text behind the end", () => Valid(api, "") + "{}", Outcome.Refused());
        yield return Row("a comment", () => Valid(api, "").Insert(1, "/* hi */"), Outcome.Refused());
        yield return Row("nothing", () => "", Outcome.Refused());
        yield return Row("null", () => "null", Outcome.Refused());
        yield return Row("a list", () => "[]", Outcome.Refused());
        yield return Row("ten megabytes of blanks", () => new string(' ', 10_000_000) + Valid(api, ""), Outcome.Valid);
        yield return Attack.Post($"{api}: bytes that are not UTF-8", path, () => [.. Encoding.UTF8.GetBytes(Valid(api, ",\"user\":\"")), 0xC3, 0x28, 0xFF, (byte)'"', (byte)'}'], Outcome.Refused());
        yield return Attack.Post($"{api}: UTF-16", path, () => Encoding.Unicode.GetBytes(Valid(api, "")), Outcome.Refused());
        yield return Attack.Post($"{api}: noise", path, () => Noise(100_000), Outcome.Refused());
        yield return Row("a model's name of a megabyte", () => $"{{\"model\":\"{new string('m', 1_000_000)}\"}}", new Outcome(400, 404));
    }

    internal static string Repeat(string text, int count) => new StringBuilder(text.Length * count).Insert(0, text, count).ToString();

    /// <summary>A valid body of little work, whose last fields may be more.</summary>
    private static string Valid(string api, string more) => api switch
    {
        "tokenize" => "{\"prompt\":\"a\"" + more + "}",
        "detokenize" => "{\"tokens\":[5]" + more + "}",
        "responses" => TextRequests.Body(api, ",\"max_output_tokens\":16" + more),
        "messages" => TextRequests.Body(api, more).Replace("4000", "4", StringComparison.Ordinal),
        _ => TextRequests.Body(api, ",\"max_tokens\":4" + more),
    };

    private static byte[] Noise(int length)
    {
        byte[] noise = new byte[length];
        new Random(1).NextBytes(noise);
        return noise;
    }
}
