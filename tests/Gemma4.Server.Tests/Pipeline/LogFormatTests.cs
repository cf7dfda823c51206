using System.Net.Http.Headers;
using System.Text.Json;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Pipeline;

/// <summary>The log for programs, of a process that serves the demo model.</summary>
public sealed class LogFormatTests
{
    [Fact]
    public async Task Every_line_is_an_object_and_a_requests_tells_id_key_tokens_and_times()
    {
        using var folder = new TemporaryFolder();
        string keys = folder.Write("keys.json", """{"keys": [{"name": "alice", "key": "sk-alice-key"}]}""");
        await using var server = new ServerProcess("--port", "0", "--model", RepositoryPaths.DemoModel, "--log-format", "json", "--api-key-file", keys);
        string address = await server.LineAsync(new System.Text.RegularExpressions.Regex("\"Api\":\"([^\"]+)/v1\""));
        using var client = new HttpClient { BaseAddress = new Uri(address) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "sk-alice-key");
        client.DefaultRequestHeaders.Add("X-Request-Id", "asked-by-the-test");
        (await ServerUnderTest.PostAsync(client, "/v1/chat/completions", """{"model":"gemma-4-demo","max_tokens":4,"messages":[{"role":"user","content":"Hello"}]}""")).Dispose();
        await server.LineAsync(new System.Text.RegularExpressions.Regex("POST /v1/chat/completions 200"));

        JsonElement[] lines = [.. server.Lines.Select(line => JsonElement.Parse(line))];
        JsonElement request = Assert.Single(lines, line => line.TryGetProperty("RequestPath", out _));
        Assert.Equal(
            ("asked-by-the-test", "alice", "gemma-4-demo", 200),
            (request.GetProperty("RequestId").GetString(), request.GetProperty("Key").GetString(), request.GetProperty("Model").GetString(), request.GetProperty("StatusCode").GetInt32()));
        Assert.InRange(request.GetProperty("OutputTokens").GetInt32(), 1, 4);
        Assert.True(request.GetProperty("InputTokens").GetInt32() > 1);
        Assert.True(request.GetProperty("Elapsed").GetDouble() > 0);
        Assert.True(request.GetProperty("FirstTokenMs").GetDouble() > 0);
        Assert.StartsWith("POST /v1/chat/completions 200 by alice in ", request.GetProperty("@m").GetString(), StringComparison.Ordinal);
        Assert.False(request.TryGetProperty("@l", out _));
        Assert.DoesNotContain(server.Lines, line => line.Contains("sk-alice-key", StringComparison.Ordinal));
    }
}
