using System.Text.Json;
using static Gemma4.Testing.Attacks.JsonAttacks;

namespace Gemma4.Testing.Attacks;

/// <summary>Patterns, grammars and schemas that are dear to compile or to hold answers to.</summary>
internal static class ConstraintAttacks
{
    private const string HostName = """^(?!.*://)(?=.{1,255}$)((.{1,63}\.){1,127}(?![0-9]*$)[a-z0-9-]+\.?)$""";

    /// <summary>Too long or too complex, said so; compiling it within the limits is as good.</summary>
    private static readonly Outcome TooComplex = Outcome.Refused(code: "constraint_too_complex"), Refused = Outcome.Refused(), RefusedOrValid = new(200, 400);

    public static IReadOnlyList<Attack> All =>
    [
        .. Everywhere("a pattern of 9,000 letters", new string('a', 9_000), TooComplex),
        .. Everywhere("a pattern of 20,000 letters", new string('a', 20_000), TooComplex),
        .. Everywhere("50,000 times x?", Repeat("x?", 50_000), TooComplex),
        .. Everywhere("12,000 times x?", Repeat("x?", 12_000), TooComplex),
        .. Everywhere("4,500 times [a-z]?.?", Repeat("[a-z]?.?", 4_500), TooComplex),
        .. Everywhere("a host name", HostName, RefusedOrValid),
        .. Everywhere("counts in counts", "((((a{1,50}){1,50}){1,50}){1,50}){1,50}", RefusedOrValid),
        .. Everywhere("a count of 100,000", "(ab|cd){100000}", RefusedOrValid),
        .. Everywhere("10,000 groups in each other", $"{new string('(', 10_000)}a{new string(')', 10_000)}", TooComplex),
        .. Everywhere("looking ahead in looking ahead", Repeat("(?=.*", 200) + "a" + new string(')', 200), RefusedOrValid),
        .. Everywhere("stars upon stars", "(((a*)*)*)*(a|aa)+(a|a?)+b", RefusedOrValid),
        .. Everywhere("a thousand words to choose from, squared", $"({string.Join('|', Enumerable.Range(0, 1000).Select(i => $"w{i}"))}){{1,1000}}", RefusedOrValid),
        Grammar("50,000 optional parts", "root ::= " + Repeat("\"a\"? ", 50_000), TooComplex),
        Grammar("3,000 rules of an optional letter and the next", string.Join('\n', Enumerable.Range(0, 3000).Select(i => $"{(i == 0 ? "root" : $"r{i}")} ::= \"a\"? r{i + 1}")) + "\nr3000 ::= \"b\"", RefusedOrValid),
        Grammar("counts in counts", "root ::= ((((\"a\"{1,50}){1,50}){1,50}){1,50}){1,50}", RefusedOrValid),
        Grammar("10,000 groups in each other", $"root ::= {new string('(', 10_000)}\"a\"{new string(')', 10_000)}", Refused),
        Grammar("a rule that is itself", "root ::= root", RefusedOrValid),
        Grammar("a rule that begins with itself", "root ::= root \"a\" | \"a\"", RefusedOrValid),
        Grammar("rules in a ring", "root ::= a\na ::= b\nb ::= a", RefusedOrValid),
        Schema("60 booleans in a ring of dependentRequired", Ring(60), RefusedOrValid),
        Schema("four multiples of a million", """{"allOf":[{"type":"integer","multipleOf":1000003},{"multipleOf":1000033},{"multipleOf":1000037},{"multipleOf":1000039}]}""", RefusedOrValid),
        Schema("not any of twenty patterns", $$$"""{"type":"string","not":{"anyOf":[{{{string.Join(',', Enumerable.Range(0, 20).Select(i => $"{{\"pattern\":\"^.*{(char)('a' + i)}.{{{i}}}z\"}}"))}}}]}}""", RefusedOrValid),
        Schema("one of patterns in one of patterns", Nested(6), RefusedOrValid),
        Schema("an enum of 100,000", $$"""{"enum":[{{string.Join(',', Enumerable.Range(0, 100_000).Select(i => $"\"v{i}\""))}}]}""", TooComplex),
        Schema("a const of a megabyte", $$"""{"const":"{{new string('c', 1_000_000)}}"}""", TooComplex),
        Schema("10,000 properties, all required", $$"""{"type":"object","properties":{{{string.Join(',', Enumerable.Range(0, 10_000).Select(i => $"\"p{i}\":{{\"type\":\"string\"}}"))}}},"required":[{{string.Join(',', Enumerable.Range(0, 10_000).Select(i => $"\"p{i}\""))}}]}""", TooComplex),
        Schema("a reference to itself", """{"$ref":"#"}""", RefusedOrValid),
        Schema("references in a ring", """{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}}}""", RefusedOrValid),
        Schema("a reference that doubles 40 times", Doubling(40), RefusedOrValid),
        Schema("200 pattern properties", $$$"""{"type":"object","patternProperties":{{{{string.Join(',', Enumerable.Range(0, 200).Select(i => $"\"^.*{i}.*$\":{{\"type\":\"integer\"}}"))}}}}}""", RefusedOrValid),
        Schema("a million items", """{"type":"array","items":{"type":"integer"},"minItems":1000000,"maxItems":1000000}""", RefusedOrValid),
        Schema("a string of a million letters", """{"type":"string","minLength":1000000,"maxLength":1000000}""", RefusedOrValid),
        Schema("unique items of an enum of 30", $$$"""{"type":"array","uniqueItems":true,"items":{"enum":[{{{string.Join(',', Enumerable.Range(0, 30))}}}]}}""", RefusedOrValid),
        Attack.Chat("a pattern and allowed tokens that exclude each other", "\"structured_outputs\":{\"regex\":\"[0-9]+\"},\"allowed_token_ids\":[40]", Outcome.Refused(code: "no_token_allowed")),
        Attack.Chat("allowed tokens that are bad words", "\"allowed_token_ids\":[500],\"logit_bias\":{\"500\":-100},\"min_tokens\":4", new Outcome(200, 400)),
    ];

    /// <summary>A pattern wherever one can stand.</summary>
    private static IEnumerable<Attack> Everywhere(string name, string pattern, Outcome expected)
    {
        string json = JsonSerializer.Serialize(pattern), schema = $$$"""{"type":"object","properties":{"s":{"type":"string","pattern":{{{json}}}}},"required":["s"]}""";
        yield return Attack.Chat($"regex: {name}", () => $"\"structured_outputs\":{{\"regex\":{json}}}", expected);
        yield return Attack.Chat($"response_format: {name}", () => Format(schema), expected);
        yield return Attack.Chat(
            $"tool: {name}", () => $"\"tools\":[{{\"type\":\"function\",\"function\":{{\"name\":\"f\",\"parameters\":{schema}}}}}],\"tool_choice\":\"required\"", expected);
        yield return Attack.Api(
            "messages", $"tool: {name}", () => $"\"tools\":[{{\"name\":\"f\",\"input_schema\":{schema}}}],\"tool_choice\":{{\"type\":\"any\"}}", expected);
    }

    private static Attack Grammar(string name, string grammar, Outcome expected) =>
        Attack.Chat($"grammar: {name}", () => $"\"structured_outputs\":{{\"grammar\":{JsonSerializer.Serialize(grammar)}}}", expected);

    private static Attack Schema(string name, string schema, Outcome expected) => Attack.Chat($"schema: {name}", () => Format(schema), expected);

    private static string Format(string schema) => $"\"response_format\":{{\"type\":\"json_schema\",\"json_schema\":{{\"name\":\"s\",\"schema\":{schema}}}}}";

    private static string Ring(int count)
    {
        string properties = string.Join(',', Enumerable.Range(0, count).Select(i => $"\"b{i}\":{{\"type\":\"boolean\"}}"));
        string dependent = string.Join(',', Enumerable.Range(0, count).Select(i => $"\"b{i}\":[\"b{(i + 1) % count}\"]"));
        return $"{{\"type\":\"object\",\"properties\":{{{properties}}},\"dependentRequired\":{{{dependent}}},\"additionalProperties\":false}}";
    }

    private static string Nested(int depth) => depth == 0
        ? """{"type":"string","pattern":"^[a-m]*x?[n-z]*$"}"""
        : $$"""{"oneOf":[{{Nested(depth - 1)}},{"type":"string","pattern":"^.*{{(char)('a' + depth)}}.*$"},{{Nested(depth - 1)}}]}""";

    private static string Doubling(int count)
    {
        string defs = string.Join(',', Enumerable.Range(0, count).Select(i => $"\"d{i}\":{{\"type\":\"array\",\"prefixItems\":[{{\"$ref\":\"#/$defs/d{i + 1}\"}},{{\"$ref\":\"#/$defs/d{i + 1}\"}}],\"items\":false,\"minItems\":2}}"));
        return $"{{\"$ref\":\"#/$defs/d0\",\"$defs\":{{{defs},\"d{count}\":{{\"type\":\"null\"}}}}}}";
    }
}
