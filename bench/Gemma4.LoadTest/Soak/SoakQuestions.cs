using System.Text.Json.Nodes;
using Gemma4.Testing;

namespace Gemma4.LoadTest.Soak;

/// <summary>What is asked: each kind of request that the server knows, of every API.</summary>
internal static class SoakQuestions
{
    /// <summary>The served model.</summary>
    public const string Model = TextRequests.Model;

    private const int LongPromptWords = 1200;
    private static readonly string[] Prompts =
    [
        "What is the capital of France?", "What is the capital of Japan?", "What is 7 + 5?", "What is 2 + 9?", "Count to 12.", "List the months of the year.", "Tell me a story about a fox.",
        "What is the opposite of hot?", "Who are you?",
    ];

    /// <summary>All of them, in the same order each time.</summary>
    public static IReadOnlyList<SoakQuestion> All(int seed) =>
    [
        .. Prompts.Select(prompt => Chat("chat", prompt)),
        .. Prompts.Take(4).Select(prompt => new SoakQuestion("responses", "/v1/responses", new ResponsesReader())
        {
            Body = new JsonObject { ["model"] = Model, ["temperature"] = 0, ["max_output_tokens"] = 120, ["input"] = prompt },
        }),
        .. Prompts.Skip(2).Take(4).Select(prompt => new SoakQuestion("messages", "/v1/messages", new MessagesReader())
        {
            Body = new JsonObject { ["model"] = Model, ["temperature"] = 0, ["max_tokens"] = 120, ["messages"] = Turn(prompt) },
        }),
        .. Prompts.Skip(4).Take(3).Select(prompt => new SoakQuestion("ollama", "/api/chat", new OllamaReader())
        {
            Body = new JsonObject { ["model"] = Model, ["messages"] = Turn(prompt), ["options"] = new JsonObject { ["temperature"] = 0, ["num_predict"] = 120 } },
        }),
        Chat("thought", "What is 3 + 4?", ("reasoning_effort", "low")),
        .. new[] { "Boston", "Paris" }.Select(city => Chat("tool", $"Weather in {city}?", ("tools", Parse(Weather)))),
        Chat("tool", "Weather in Rome?", ("tools", Parse(Weather)), ("tool_choice", "required")),
        .. new[] { "Alice, age 30", "Bob, age 7" }.Select(who => Chat("schema", $"JSON: name {who}", ("response_format", Parse(Person)))),
        Chat("pattern", "What is 7 + 5?", ("structured_outputs", new JsonObject { ["regex"] = "(The sum|It) is [0-9]{1,3}\\." })),
        .. Enumerable.Range(0, 3).Select(i => Chat(
            "long prompt", Workload.Text(Workload.Mix(seed, i), LongPromptWords), ("max_tokens", 12), ("ignore_eos", true))),
        Image("docs/shapes.png"),
        Image("tests/fixtures/media/thumb.png"),
        Sound("docs/digits.wav"),
        new SoakQuestion("transcription", "/v1/audio/transcriptions", new TranscriptionReader()) { Form = Read("docs/digits.wav") },
    ];

    /// <summary>A question that nobody asked before, with an image of its own.</summary>
    public static SoakQuestion FreshImage(int seed) => Image(TestImage.Create(seed, maxSoftTokens: 70).DataUri, "new image");

    private const string Weather = """
        [{"type": "function", "function": {"name": "get_weather", "description": "Get the current weather for a city.",
          "parameters": {"type": "object", "properties": {"city": {"type": "string", "description": "The city."}}, "required": ["city"]}}}]
        """;

    private const string Person = """
        {"type": "json_schema", "json_schema": {"name": "person", "schema": {"type": "object",
          "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}, "required": ["name", "age"], "additionalProperties": false}}}
        """;

    private static SoakQuestion Chat(string kind, JsonNode content, params (string Name, JsonNode Value)[] fields)
    {
        var body = new JsonObject { ["model"] = Model, ["temperature"] = 0, ["max_tokens"] = 120, ["messages"] = Turn(content) };
        foreach ((string name, JsonNode value) in fields)
            body[name] = value;
        return new SoakQuestion(kind, "/v1/chat/completions", new ChatReader()) { Body = body };
    }

    private static SoakQuestion Image(string file) => Image("data:image/png;base64," + Convert.ToBase64String(Read(file)), "image");

    private static SoakQuestion Image(string url, string kind) => Chat(kind, new JsonArray(
        new JsonObject { ["type"] = "image_url", ["image_url"] = new JsonObject { ["url"] = url }, ["max_soft_tokens"] = 70 },
        new JsonObject { ["type"] = "text", ["text"] = "What is in this image?" }));

    private static SoakQuestion Sound(string file) => Chat("sound", new JsonArray(
        new JsonObject { ["type"] = "input_audio", ["input_audio"] = new JsonObject { ["data"] = Convert.ToBase64String(Read(file)), ["format"] = "wav" } },
        new JsonObject { ["type"] = "text", ["text"] = "What do you hear?" }));

    private static JsonArray Turn(JsonNode content) => [new JsonObject { ["role"] = "user", ["content"] = content }];

    private static JsonNode Parse(string json) => JsonNode.Parse(json)!;

    private static byte[] Read(string file) => File.ReadAllBytes(Path.Combine(RepositoryPaths.Root, file));
}
