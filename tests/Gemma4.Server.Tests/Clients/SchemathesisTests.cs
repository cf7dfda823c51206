using System.Text.Json.Nodes;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Clients;

/// <summary>Schemathesis, which makes requests from the OpenAPI document, right and wrong ones, and compares the answers with it: against the
/// real server with the demo model and a key.</summary>
/// <remarks>
/// All its checks are on but <c>positive_data_acceptance</c>, which demands a 2xx for all that the schemas allow: requests also have rules that
/// JSON schema cannot say or that the document leaves to its texts (one of <c>prompt</c> and <c>messages</c>; calls that are answered; token ids
/// within the vocabulary; regular expressions, grammars, schemas, files that can be read), and a request that breaks one is a 400.
/// <c>tests/clients/schemathesis/hooks.py</c> names the served model, so that requests get further than a 404.
/// </remarks>
public sealed class SchemathesisTests
{
    private const string Key = "key-of-the-test";

    [Fact]
    public async Task The_server_answers_as_its_document_says()
    {
        using PythonArchive schemathesis = await UnpackAsync();
        await using DemoServer server = await StartAsync();
        (int exitCode, string output) = await RunAsync(
            schemathesis, $"{server.Url}/openapi/v1.json", "--phases", "examples,coverage,fuzzing,stateful", "--max-examples", "20", "--max-time", "100");
        Assert.True(exitCode == 0, output);
        int operations = await OperationsAsync(server);
        Assert.Contains($"Selected: {operations}/{operations}", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_document_that_does_not_describe_the_answers_is_noticed()
    {
        using PythonArchive schemathesis = await UnpackAsync();
        await using DemoServer server = await StartAsync();
        JsonNode document = await DocumentAsync(server);
        document["paths"]!["/v1/models/{id}"]!["get"]!["responses"]!.AsObject().Remove("404");
        document["components"]!["schemas"]!["ModelCard"]!["properties"]!["id"]!["type"] = "integer";
        string file = Path.Combine(schemathesis.Folder, "document.json");
        await File.WriteAllTextAsync(file, document.ToJsonString(), TestContext.Current.CancellationToken);
        (int exitCode, string output) = await RunAsync(
            schemathesis, file, "--url", server.Url, "--include-path-regex", "^/v1/models", "--phases", "coverage,fuzzing", "--max-examples", "20", "--max-time", "30");
        Assert.True(exitCode == 1, output);
        Assert.Contains("Undocumented status code", output, StringComparison.Ordinal);
        Assert.Contains("Response violates schema", output, StringComparison.Ordinal);
    }

    /// <summary>With a short context, in which an answer that will not end does.</summary>
    private static async Task<DemoServer> StartAsync()
    {
        var server = new DemoServer(["--api-key", Key, "--max-context", "256"]);
        await server.InitializeAsync();
        return server;
    }

    private static async Task<JsonNode> DocumentAsync(DemoServer server)
    {
        using HttpClient client = server.Client();
        return JsonNode.Parse(await client.GetStringAsync("/openapi/v1.json", TestContext.Current.CancellationToken))!;
    }

    private static async Task<int> OperationsAsync(DemoServer server) =>
        (await DocumentAsync(server))["paths"]!.AsObject().Sum(path => path.Value!.AsObject().Count);

    private static Task<PythonArchive> UnpackAsync() => PythonArchive.UnpackAsync("schemathesis.tar.xz");

    /// <summary>Runs all checks but one, always with the same seed.</summary>
    private static Task<(int ExitCode, string Output)> RunAsync(PythonArchive schemathesis, string document, params string[] args) => schemathesis.RunAsync(
        [
            Path.Combine(schemathesis.Folder, "schemathesis", "bin", "st"), "run", document, "--header", $"Authorization: Bearer {Key}",
            "--checks", "all", "--exclude-checks", "positive_data_acceptance", "--seed", "1", "--continue-on-failure",
            "--request-timeout", "60", "--max-response-time", "60", "--generation-database", "none", "--no-color", .. args,
        ],
        ("PYTHONPATH", $"{Path.Combine(schemathesis.Folder, "schemathesis")}:{Path.Combine(RepositoryPaths.Root, "tests", "clients", "schemathesis")}"),
        ("SCHEMATHESIS_HOOKS", "hooks"));
}
