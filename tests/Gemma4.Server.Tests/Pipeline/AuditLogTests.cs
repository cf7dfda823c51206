using System.Net.Http.Headers;
using System.Text.Json;
using Gemma4.Server.Hosting;
using Gemma4.Server.Settings;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Pipeline;

public sealed class AuditLogTests : IDisposable
{
    private const string Question = "What is the secret of the pyramids?", Answer = "The answer is forty-two.";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Line_a_request_tells_who_asked_for_what_and_no_text_or_key()
    {
        string path = _folder["audit.jsonl"];
        string keys = _folder.Write("keys.json", """{"keys": [{"name": "alice", "key": "sk-alice-key"}]}""");
        await using (var server = new ServerUnderTest(Script.Saying(Answer), ("Server:AuditLog", path), ("Server:ApiKeyFile", keys)) { TakesItsAnswers = false })
        {
            using HttpClient client = await server.ReadyClientAsync();
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "sk-alice-key");
            string body = $$"""{"model":"gemma-4-demo","messages":[{"role":"user","content":"{{Question}}"}]}""";
            (await ServerUnderTest.PostAsync(client, "/v1/chat/completions", body)).Dispose();
            await LinesAsync(path, 1);
            File.Move(path, _folder["audit.1.jsonl"]); // as logs are rotated
            using HttpResponseMessage streamed = await ServerUnderTest.PostAsync(client, "/v1/chat/completions", body[..^1] + ",\"stream\":true}");
            await streamed.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            await LinesAsync(path, 1);
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "sk-wrong-key");
            (await ServerUnderTest.PostAsync(client, "/v1/chat/completions", body)).Dispose();
            (await client.GetAsync("/health", TestContext.Current.CancellationToken)).Dispose();
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "sk-alice-key");
            (await client.GetAsync("/v1/models/nothing", TestContext.Current.CancellationToken)).Dispose();
        }
        JsonElement first = JsonElement.Parse(Assert.Single(File.ReadAllLines(_folder["audit.1.jsonl"])));
        Assert.Equal(
            ("alice", "POST", "/v1/chat/completions", "gemma-4-demo", 200),
            (first.GetProperty("key").GetString(), first.GetProperty("method").GetString(), first.GetProperty("route").GetString(), first.GetProperty("model").GetString(), first.GetProperty("status").GetInt32()));
        Assert.Equal(ServerUnderTest.Tokenizer.Encode(Answer).Length + 1, first.GetProperty("output_tokens").GetInt32());
        Assert.True(first.GetProperty("input_tokens").GetInt32() > 5);
        Assert.True(first.GetProperty("ms").GetInt64() >= 0);
        Assert.StartsWith("req_", first.GetProperty("id").GetString(), StringComparison.Ordinal);
        Assert.Equal(DateTimeOffset.UtcNow.Year, first.GetProperty("time").GetDateTimeOffset().Year);

        JsonElement[] rest = [.. File.ReadAllLines(path).Select(line => JsonElement.Parse(line))];
        Assert.Equal([200, 401, 404], rest.Select(line => line.GetProperty("status").GetInt32()));
        Assert.Equal(["alice", null, "alice"], rest.Select(line => line.GetProperty("key").GetString()));
        string all = File.ReadAllText(path) + File.ReadAllText(_folder["audit.1.jsonl"]);
        foreach (string secret in new[] { "pyramids", "forty", "sk-alice-key", "sk-wrong-key", "nothing" })
            Assert.DoesNotContain(secret, all, StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }

    [Fact]
    public void File_that_cannot_be_written_ends_the_start()
    {
        string path = Path.Combine(_folder.Path, "none", "audit.jsonl");
        string said = Assert.Throws<OptionsException>(() => ServerApp.Build(["--port", "0", "--model", RepositoryPaths.DemoModel, "--audit-log", path])).Message;
        Assert.StartsWith($"Server:AuditLog {path} cannot be written: ", said, StringComparison.Ordinal);
    }

    private static async Task LinesAsync(string path, int count)
    {
        for (int i = 0; i < 1000 && (!File.Exists(path) || File.ReadAllLines(path).Length < count); i++)
            await Task.Delay(10, TestContext.Current.CancellationToken);
        Assert.Equal(count, File.ReadAllLines(path).Length);
    }
}
