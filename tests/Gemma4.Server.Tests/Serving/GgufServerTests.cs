using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Serving;

/// <summary>A GGUF file is all that a server needs.</summary>
public sealed class GgufServerTests
{
    private static readonly string Files = Path.Combine(RepositoryPaths.Fixtures, "quantized", "gguf");

    [Fact]
    public async Task Server_answers_from_one_file_under_its_name()
    {
        await using var server = new DemoServer(["--model", Path.Combine(Files, "tiny-e2b-Q4_0.gguf")]);
        await server.InitializeAsync();
        using HttpClient client = server.Client();
        JsonNode models = JsonNode.Parse(await client.GetStringAsync("/v1/models", Cancelled))!;
        Assert.Equal("tiny-e2b-Q4_0", (string?)models["data"]![0]!["id"]);
        JsonNode answer = await AskAsync(client, HttpStatusCode.OK, "\"Hi\"");
        Assert.Equal("tiny-e2b-Q4_0", (string?)answer["model"]);
        Assert.Equal(8, (int)answer["usage"]!["completion_tokens"]!);
        JsonNode refusal = await AskAsync(client, HttpStatusCode.BadRequest, ImageRequest());
        Assert.Contains("does not see", (string?)refusal["error"]!["message"], StringComparison.Ordinal);
        JsonNode tags = JsonNode.Parse(await client.GetStringAsync("/api/tags", Cancelled))!;
        Assert.Equal("gguf", (string?)tags["models"]![0]!["details"]!["format"]);
    }

    [Fact]
    public async Task Server_sees_with_the_towers_that_are_named()
    {
        await using var server = new DemoServer(
            ["--model", Path.Combine(Files, "tiny-e2b-Q4_0.gguf"), "--mmproj", Path.Combine(Files, "mmproj-tiny-e2b-F16.gguf"), "--served-model-name", "tiny"]);
        await server.InitializeAsync();
        using HttpClient client = server.Client();
        JsonNode answer = await AskAsync(client, HttpStatusCode.OK, ImageRequest(), "tiny");
        Assert.True((int)answer["usage"]!["prompt_tokens"]! > 50);
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private static string ImageRequest()
    {
        string image = Convert.ToBase64String(File.ReadAllBytes(Path.Combine(RepositoryPaths.Fixtures, "media", "thumb.png")));
        return $$$"""[{"type":"text","text":"What?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,{{{image}}}"}}]""";
    }

    private static async Task<JsonNode> AskAsync(HttpClient client, HttpStatusCode status, string content, string model = "tiny-e2b-Q4_0")
    {
        string body = $$$"""{"model":"{{{model}}}","max_tokens":8,"temperature":0,"logit_bias":{"1":-100,"9":-100,"16":-100},"messages":[{"role":"user","content":{{{content}}}}]}""";
        using HttpResponseMessage response = await client.PostAsync("/v1/chat/completions", new StringContent(body, Encoding.UTF8, "application/json"), Cancelled);
        string text = await response.Content.ReadAsStringAsync(Cancelled);
        Assert.True(response.StatusCode == status, text);
        return JsonNode.Parse(text)!;
    }
}
