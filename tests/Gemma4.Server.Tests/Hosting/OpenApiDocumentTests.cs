using System.Text.Json;
using System.Text.Json.Nodes;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Hosting;

/// <summary>The OpenAPI document is complete, and the committed one is the one that is served.</summary>
public sealed class OpenApiDocumentTests
{
    private static readonly string Committed = Path.Combine(RepositoryPaths.Root, "docs", "openapi.json");

    [Fact]
    public async Task The_committed_document_is_the_served_one()
    {
        string served = JsonNode.Parse(await ServedAsync())!.ToJsonString();
        string committed = File.Exists(Committed) ? JsonNode.Parse(await File.ReadAllTextAsync(Committed, TestContext.Current.CancellationToken))!.ToJsonString() : "";
        Assert.True(served == committed, "docs/openapi.json is not what the server serves. Renew it with: ./dev openapi");
    }

    [Fact]
    public async Task Every_operation_is_described_and_every_body_has_an_example()
    {
        JsonElement document = JsonElement.Parse(await ServedAsync());
        foreach (JsonProperty path in document.GetProperty("paths").EnumerateObject())
        {
            foreach (JsonProperty operation in path.Value.EnumerateObject())
            {
                Assert.True(operation.Value.TryGetProperty("summary", out _), $"{operation.Name} {path.Name} has no summary");
                if (!operation.Value.TryGetProperty("requestBody", out JsonElement body))
                    continue;
                if (!body.GetProperty("content").TryGetProperty("application/json", out JsonElement media))
                    continue; // a form, whose example would be a file
                Assert.True(media.TryGetProperty("examples", out _), $"{operation.Name} {path.Name} has no example");
            }
        }
    }

    [Fact]
    public async Task Every_example_can_be_sent_as_it_is()
    {
        await using var server = new ServerUnderTest(Script.Saying("x"));
        using HttpClient client = await server.ReadyClientAsync();
        JsonElement document = JsonElement.Parse(await client.GetStringAsync("/openapi/v1.json", TestContext.Current.CancellationToken));
        var sent = new List<string>();
        // What a path or a batch names would have to be there first.
        foreach (JsonProperty path in document.GetProperty("paths").EnumerateObject().Where(p => p.Value.TryGetProperty("post", out _) && !p.Name.Contains('{') && p.Name != "/v1/batches"))
        {
            if (!path.Value.GetProperty("post").TryGetProperty("requestBody", out JsonElement body)
                || !body.GetProperty("content").TryGetProperty("application/json", out JsonElement media))
                continue;
            foreach (JsonProperty example in media.GetProperty("examples").EnumerateObject())
            {
                using HttpResponseMessage answer = await ServerUnderTest.PostAsync(client, path.Name, example.Value.GetProperty("value").GetRawText());
                Assert.True(answer.IsSuccessStatusCode, $"{path.Name}, {example.Name}: {await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}");
                sent.Add($"{path.Name} {example.Name}");
            }
        }
        Assert.Contains("/v1/chat/completions Two turns", sent);
        Assert.Contains("/v1/chat/completions An image", sent);
    }

    [Fact]
    public async Task Form_of_a_transcription_starts_with_values_that_can_be_sent()
    {
        // Swagger UI starts a field of text with its example, default or a value of its own, else with the word "string".
        JsonElement fields = JsonElement.Parse(await ServedAsync()).GetProperty("components").GetProperty("schemas")
            .GetProperty("TranscriptionFields").GetProperty("properties");
        Assert.Equal(ServerUnderTest.Model, fields.GetProperty("model").GetProperty("examples")[0].GetString());
        Assert.Equal("", fields.GetProperty("language").GetProperty("examples")[0].GetString());
        Assert.All(
            fields.EnumerateObject().Where(f => f.Value.TryGetProperty("type", out JsonElement type) && type.GetRawText().Contains("\"string\"", StringComparison.Ordinal)),
            f => Assert.True(f.Value.TryGetProperty("examples", out _) || f.Value.TryGetProperty("default", out _) || f.Value.TryGetProperty("enum", out _), f.Name));
    }

    [Fact]
    public async Task Ranges_values_and_unions_are_those_that_requests_are_checked_by()
    {
        JsonElement schemas = JsonElement.Parse(await ServedAsync()).GetProperty("components").GetProperty("schemas");
        JsonElement chat = schemas.GetProperty("ChatCompletionRequest").GetProperty("properties");
        Assert.Equal(2, chat.GetProperty("temperature").GetProperty("maximum").GetDouble());
        Assert.Contains("medium", chat.GetProperty("reasoning_effort").GetRawText(), StringComparison.Ordinal);
        Assert.True(schemas.GetProperty("MessageContent").TryGetProperty("anyOf", out _));
        Assert.Contains("messages", schemas.GetProperty("ChatCompletionRequest").GetProperty("required").GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Both_forms_of_an_answer_are_described()
    {
        JsonElement answer = JsonElement.Parse(await ServedAsync()).GetProperty("paths")
            .GetProperty("/v1/chat/completions").GetProperty("post").GetProperty("responses").GetProperty("200");
        Assert.True(answer.GetProperty("headers").TryGetProperty("x-request-id", out _));
        JsonElement content = answer.GetProperty("content");
        Assert.Equal("#/components/schemas/ChatCompletion", content.GetProperty("application/json").GetProperty("schema").GetProperty("$ref").GetString());
        string frames = content.GetProperty("text/event-stream").GetProperty("schema").GetRawText();
        foreach (string frame in (string[])["[DONE]", "schemas/ChatCompletionChunk\"", "schemas/ChatCompletionChunkWithUsage\"", "schemas/ErrorResponse\""])
            Assert.Contains(frame, frames, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, 2)]
    [InlineData(false, 3)]
    public async Task A_key_is_demanded_where_one_is_configured(bool hasKey, int ways)
    {
        await using var server = new ServerUnderTest(Script.Saying("x"), hasKey ? [("Server:ApiKeys:0", "key")] : []);
        using HttpClient client = await server.ReadyClientAsync();
        JsonElement document = JsonElement.Parse(await client.GetStringAsync("/openapi/v1.json", TestContext.Current.CancellationToken));
        Assert.Equal(ways, document.GetProperty("security").GetArrayLength());
        Assert.Equal(0, document.GetProperty("paths").GetProperty("/health").GetProperty("get").GetProperty("security").GetArrayLength());
    }

    [Fact]
    public async Task Swagger_shows_it()
    {
        await using var server = new ServerUnderTest(Script.Saying("x"));
        using HttpClient client = await server.ReadyClientAsync();
        string page = await client.GetStringAsync("/swagger/index.html", TestContext.Current.CancellationToken);
        Assert.Contains("swagger-ui", page, StringComparison.Ordinal);
        string settings = await client.GetStringAsync("/swagger/index.js", TestContext.Current.CancellationToken);
        Assert.Contains("\"defaultModelsExpandDepth\":0", settings, StringComparison.Ordinal); // schemas are closed
    }

    private static async Task<string> ServedAsync()
    {
        await using var server = new ServerUnderTest(Script.Saying("x"));
        using HttpClient client = await server.ReadyClientAsync();
        return await client.GetStringAsync("/openapi/v1.json", TestContext.Current.CancellationToken);
    }
}
