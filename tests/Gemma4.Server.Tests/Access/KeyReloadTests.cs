using System.Net;
using System.Net.Http.Headers;
using Gemma4.Server.Access;
using Gemma4.Testing;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Access;

/// <summary>Keys of a file that changes while the server runs. The clock is the test's.</summary>
public sealed class KeyReloadTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Changed_file_lets_new_keys_in_and_refuses_removed_ones()
    {
        string path = Write("alice", "sk-first");
        await using ServerUnderTest server = Server(path);
        using HttpClient client = await server.ReadyClientAsync();
        Assert.Equal(HttpStatusCode.OK, await AskAsync(client, "sk-first"));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(client, "sk-second"));

        Write("alice", "sk-second");
        Assert.Equal(HttpStatusCode.OK, await AskAsync(client, "sk-first"));
        _time.Advance(FileWatch.Interval);
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(client, "sk-first"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(client, "sk-second"));
        Assert.Contains(server.Log.OfRequests, line => line.Contains("1 keys let requests in", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("{\"keys\": [{\"name\": \"alice\", \"key\": \"sk-secret", "is not valid JSON")]
    [InlineData(null, "cannot be read")]
    public async Task Broken_file_leaves_the_keys_as_they_were_and_is_logged(string? text, string message)
    {
        string path = Write("alice", "sk-first");
        await using ServerUnderTest server = Server(path);
        using HttpClient client = await server.ReadyClientAsync();
        if (text is null)
            File.Delete(path);
        else
            _folder.Write("keys.json", text);
        _time.Advance(FileWatch.Interval);
        Assert.Equal(HttpStatusCode.OK, await AskAsync(client, "sk-first"));
        string line = Assert.Single(server.Log.OfRequests, l => l.StartsWith("Error: The keys stay as they were", StringComparison.Ordinal));
        Assert.Contains(message, line, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task File_without_keys_refuses_everybody_once_the_server_runs()
    {
        string path = Write("alice", "sk-first");
        await using ServerUnderTest server = Server(path);
        using HttpClient client = await server.ReadyClientAsync();
        _folder.Write("keys.json", "{\"keys\": []}");
        _time.Advance(FileWatch.Interval);
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(client, "sk-first"));
    }

    [Fact]
    public async Task Folder_whose_link_is_set_anew_is_read_again()
    {
        _folder.Write("..1/alice", "sk-first");
        _folder.Write("..2/alice", "sk-other");
        // As Kubernetes does it: of the same size, and written at the same time.
        File.SetLastWriteTimeUtc(_folder["..2/alice"], File.GetLastWriteTimeUtc(_folder["..1/alice"]));
        Directory.CreateSymbolicLink(_folder["..data"], "..1");
        File.CreateSymbolicLink(_folder["alice"], Path.Combine("..data", "alice"));
        await using ServerUnderTest server = Server(_folder.Path);
        using HttpClient client = await server.ReadyClientAsync();
        Assert.Equal(HttpStatusCode.OK, await AskAsync(client, "sk-first"));

        Directory.CreateSymbolicLink(_folder["..new"], "..2");
        File.Delete(_folder["..data"]);
        Directory.Move(_folder["..new"], _folder["..data"]);
        _time.Advance(FileWatch.Interval);
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(client, "sk-first"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(client, "sk-other"));
    }

    [Fact]
    public async Task Stream_of_a_removed_key_goes_on()
    {
        var rest = new TaskCompletionSource();
        string path = Write("alice", "sk-first");
        await using var server = new ServerUnderTest(
            Script.Gated("one two", (i, cancelled) => i == 0 ? Task.CompletedTask : rest.Task.WaitAsync(cancelled)), ("Server:ApiKeyFile", path))
        { Time = _time };
        using HttpClient client = await server.ReadyClientAsync();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "sk-first");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = new StringContent("""{"model":"gemma-4-demo","stream":true,"messages":[{"role":"user","content":"Hi"}]}""", new MediaTypeHeaderValue("application/json")),
        };
        using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Write("bob", "sk-second");
        _time.Advance(FileWatch.Interval);
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(client, "sk-first"));
        rest.SetResult();
        string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.EndsWith("data: [DONE]\n\n", text, StringComparison.Ordinal);
    }

    private static async Task<HttpStatusCode> AskAsync(HttpClient client, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models") { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", key) } };
        using HttpResponseMessage response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return response.StatusCode;
    }

    private ServerUnderTest Server(string path) => new(FakeEngine.Saying(), ("Server:ApiKeyFile", path)) { Time = _time };

    private string Write(string name, string key) => _folder.Write("keys.json", $$"""{"keys": [{"name": "{{name}}", "key": "{{key}}"}]}""");
}
