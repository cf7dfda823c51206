using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace Gemma4.Server.Tests.Endpoints;

/// <summary>What white space in JSON is worth: fifty questions to the demo model, which learned to write blanks.</summary>
public sealed class DemoModelJsonTests(ITestOutputHelper output)
{
    private static readonly string[] People =
    [
        "Alice", "Bob", "Carol", "David", "Emma", "Frank", "Grace", "Henry", "Irene", "Jack", "Kate", "Liam", "Maria", "Noah", "Olivia", "Peter", "Quinn",
        "Rosa", "Sam", "Tina", "Uma", "Victor", "Wendy", "Yusuf", "Zoe",
    ];

    private static readonly string[] Cities = ["Paris", "Rome", "Oslo", "Boston", "Lyon"];

    [Fact]
    public async Task White_space_as_models_write_it_keeps_them_on_their_path()
    {
        (int valid, int right) = await AskAsync("json");
        (int validCompact, int rightCompact) = await AskAsync("compact");
        output.WriteLine($"as models write it: {valid} valid, {right} right; compact: {validCompact} valid, {rightCompact} right; of {Questions().Count()}");
        Assert.Equal((50, 50), (valid, validCompact));
        Assert.True(right >= 45, $"{right} of 50 are right");
        Assert.True(right > rightCompact, $"{right} are right, and {rightCompact} without white space");
    }

    private static IEnumerable<(string Question, JsonObject Answer)> Questions() => People.SelectMany((name, i) => new[]
    {
        ($"JSON: name {name}, age {10 + i}", new JsonObject { ["name"] = name, ["age"] = 10 + i }),
        ($"As JSON: {name} is {30 + i} years old and lives in {Cities[i % 5]}.", new JsonObject { ["name"] = name, ["age"] = 30 + i, ["city"] = Cities[i % 5] }),
    });

    private static async Task<(int Valid, int Right)> AskAsync(string whitespace)
    {
        await using var server = new DemoServer(["--json-whitespace", whitespace]);
        await server.InitializeAsync();
        using HttpClient client = server.Client();
        client.Timeout = TimeSpan.FromMinutes(10); // masks are made at the lowest priority: other work on the machine goes first
        (int valid, int right) = (0, 0);
        foreach ((string question, JsonObject expected) in Questions())
        {
            JsonElement choice = (await ServerUnderTest.JsonAsync(await ServerUnderTest.PostAsync(client, "/v1/chat/completions", Body(question, expected)))).GetProperty("choices")[0];
            if (choice.GetProperty("finish_reason").GetString() != "stop")
                continue;
            valid++;
            if (JsonNode.DeepEquals(JsonNode.Parse(choice.GetProperty("message").GetProperty("content").GetString()!), expected))
                right++;
        }
        return (valid, right);
    }

    private static string Body(string question, JsonObject expected) => new JsonObject
    {
        ["model"] = ServerUnderTest.Model,
        ["temperature"] = 0,
        ["max_tokens"] = 128,
        ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = question }),
        ["response_format"] = new JsonObject
        {
            ["type"] = "json_schema",
            ["json_schema"] = new JsonObject
            {
                ["name"] = "person",
                ["schema"] = new JsonObject
                {
                    ["type"] = "object",
                    ["properties"] = new JsonObject(expected.Select(p => KeyValuePair.Create(
                        p.Key, (JsonNode?)new JsonObject { ["type"] = p.Key == "age" ? "integer" : "string" }))),
                    ["required"] = new JsonArray([.. expected.Select(p => (JsonNode)p.Key)]),
                    ["additionalProperties"] = false,
                },
            },
        },
    }.ToJsonString();
}
