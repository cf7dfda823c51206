using static Gemma4.Testing.Attacks.Attack;
using static Gemma4.Testing.Attacks.JsonAttacks;
using static Gemma4.Testing.Attacks.Outcome;

namespace Gemma4.Testing.Attacks;

/// <summary>Tools, and schemas that nothing is held to: what holds answers to schemas is in <see cref="ConstraintAttacks"/>.</summary>
internal static class ToolAttacks
{
    public static IEnumerable<Attack> All =>
    [
        Chat("129 tools", () => $"\"tools\":[{Tools(129)}]", Refused("tools", "array_above_max_length")),
        Chat("4,000 tools", () => $"\"tools\":[{Tools(4000)}]", Refused("tools", "array_above_max_length")),
        Chat("128 tools", () => $"\"tools\":[{Tools(128)}],\"tool_choice\":\"none\"", Valid),
        Chat("two tools of one name", () => $"\"tools\":[{Tool("f", "{}")},{Tool("f", "{}")}]", new Outcome(200, 400)),
        Chat("a tool's name of a megabyte", () => $"\"tools\":[{Tool(new string('f', 1_000_000), "{}")}]", Refused()),
        Chat("a tool's name with a line end", () => $"\"tools\":[{Tool("a\\nb", "{}")}]", Refused()),
        Chat("a tool's name of control tokens", () => $"\"tools\":[{Tool("<|tool_call>", "{}")}]", Refused()),
        Chat("a tool's description of two megabytes", () => $"\"tools\":[{{\"type\":\"function\",\"function\":{{\"name\":\"f\",\"description\":\"{Repeat("d ", 1_000_000)}\"}}}}]", Refused()),
        Chat("a choice of a tool that is not", () => $"\"tools\":[{Tool("f", "{}")}],\"tool_choice\":{{\"type\":\"function\",\"function\":{{\"name\":\"g\"}}}}", Refused()),
        Chat("a choice without tools", "\"tool_choice\":\"required\"", Refused()),
        Chat("parameters that are a list", () => $"\"tools\":[{Tool("f", "[]")}],\"tool_choice\":\"none\"", new Outcome(200, 400)),
        Chat("parameters 50 deep", () => $"\"tools\":[{Tool("f", Deep(25))}],\"tool_choice\":\"none\"", new Outcome(200, 400)),
        Chat("parameters of ten thousand properties", () => $"\"tools\":[{Tool("f", $"{{\"type\":\"object\",\"properties\":{{{Properties(10_000)}}}}}")}],\"tool_choice\":\"none\"", new Outcome(200, 400)),
        Chat("parameters of an enum of 100,000", () => $"\"tools\":[{Tool("f", $"{{\"type\":\"object\",\"properties\":{{\"e\":{{\"enum\":[{Repeat("\"v\",", 100_000)}\"w\"]}}}}}}")}],\"tool_choice\":\"none\"", new Outcome(200, 400)),
        Chat("parameters that refer to themselves", () => $"\"tools\":[{Tool("f", "{\"$ref\":\"#\"}")}],\"tool_choice\":\"none\"", new Outcome(200, 400)),
        Post("chat: ten thousand calls in one turn", "/v1/chat/completions", () => Turn($"{{\"role\":\"assistant\",\"tool_calls\":[{Calls(10_000)}]}}"), Refused()),
        Post("chat: a call whose arguments are no JSON", "/v1/chat/completions", () => Turn("{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{{{{\"}}]},{\"role\":\"tool\",\"tool_call_id\":\"a\",\"content\":\"x\"}"), new Outcome(200, 400)),
        Post("chat: a call whose arguments are 10,000 deep", "/v1/chat/completions", () => Turn($"{{\"role\":\"assistant\",\"tool_calls\":[{{\"id\":\"a\",\"type\":\"function\",\"function\":{{\"name\":\"f\",\"arguments\":\"{new string('[', 10_000)}{new string(']', 10_000)}\"}}}}]}},{{\"role\":\"tool\",\"tool_call_id\":\"a\",\"content\":\"x\"}}"), new Outcome(200, 400)),
        Post("chat: a result of a call that was not made", "/v1/chat/completions", () => Turn("{\"role\":\"tool\",\"tool_call_id\":\"none\",\"content\":\"x\"}"), new Outcome(200, 400)),
        Post("messages: a call whose input is 55 deep", "/v1/messages", () => Message($"{{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"f\",\"input\":{Repeat("{\"a\":", 50)}1{new string('}', 50)}}}"), new Outcome(200, 400)),
        Post("messages: 129 tools", "/v1/messages", () => TextRequests.Body("messages", $",\"tools\":[{string.Join(',', Enumerable.Range(0, 129).Select(i => $"{{\"name\":\"f{i}\",\"input_schema\":{{\"type\":\"object\"}}}}"))}]"), Refused()),
        Post("messages: a tool's name of a megabyte", "/v1/messages", () => TextRequests.Body("messages", $",\"tools\":[{{\"name\":\"{new string('f', 1_000_000)}\",\"input_schema\":{{\"type\":\"object\"}}}}]"), Refused()),
        Post("responses: 129 tools", "/v1/responses", () => TextRequests.Body("responses", $",\"tools\":[{string.Join(',', Enumerable.Range(0, 129).Select(i => $"{{\"type\":\"function\",\"name\":\"f{i}\"}}"))}]"), Refused("tools")),
        Post("responses: a tool of the web", "/v1/responses", () => TextRequests.Body("responses", ",\"tools\":[{\"type\":\"web_search\"}]"), Valid),
        Post("responses: a tool whose type breaks headers", "/v1/responses", () => TextRequests.Body("responses", ",\"tools\":[{\"type\":\"a\\r\\nset-cookie: b\"}]"), Valid),
        Post("responses: a custom tool whose grammar is a megabyte", "/v1/responses", () => Custom("lark", $"start: {Repeat("\\\"a\\\" ", 200_000)}"), Refused("input", "context_length_exceeded")),
        Post("responses: a custom tool whose grammar is 1,500 deep", "/v1/responses", () => Custom("lark", $"start: {new string('(', 1500)}\\\"a\\\"{new string(')', 1500)}"), Refused("tools[0].format.definition")),
        Post("responses: a custom tool whose pattern counts to a million", "/v1/responses", () => Custom("regex", "((a{1,100}){1,100}){1,100}"), new Outcome(200, 400)),
    ];

    private static string Custom(string syntax, string definition) => TextRequests.Body(
        "responses",
        $",\"max_output_tokens\":16,\"tools\":[{{\"type\":\"custom\",\"name\":\"f\",\"format\":{{\"type\":\"grammar\",\"syntax\":\"{syntax}\",\"definition\":\"{definition}\"}}}}]");

    private static string Tools(int count) => string.Join(',', Enumerable.Range(0, count).Select(i => Tool($"f{i}", "{\"type\":\"object\"}")));

    private static string Tool(string name, string parameters) => $"{{\"type\":\"function\",\"function\":{{\"name\":\"{name}\",\"parameters\":{parameters}}}}}";

    private static string Calls(int count) => string.Join(
        ',', Enumerable.Range(0, count).Select(i => $"{{\"id\":\"c{i}\",\"type\":\"function\",\"function\":{{\"name\":\"f\",\"arguments\":\"{{}}\"}}}}"));

    private static string Properties(int count) => string.Join(',', Enumerable.Range(0, count).Select(i => $"\"p{i}\":{{\"type\":\"string\"}}"));

    private static string Deep(int depth) => Repeat("{\"type\":\"object\",\"properties\":{\"a\":", depth) + "{}" + new string('}', 2 * depth);

    private static string Turn(string turns) =>
        $"{{\"model\":\"{TextRequests.Model}\",\"max_tokens\":4,\"messages\":[{{\"role\":\"user\",\"content\":\"Hi\"}},{turns}]}}";

    private static string Message(string block) =>
        $"{{\"model\":\"{TextRequests.Model}\",\"max_tokens\":4,\"messages\":[{{\"role\":\"user\",\"content\":\"Hi\"}},{{\"role\":\"assistant\",\"content\":[{block}]}},"
        + "{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"a\",\"content\":\"x\"}]}]}";
}
