using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Deploy;

/// <summary><c>deploy/balancer</c>: real servers with the demo model behind Debian's nginx.</summary>
public sealed class BalancerTests
{
    private const int Kill = 9, NumClients = 12, NumTurns = 3, StreamTokens = 120;

    [Fact]
    public async Task What_is_lost_when_one_server_is_killed_and_one_drained_is_what_the_killed_one_was_writing()
    {
        NginxProcess.SkipWhereAbsent();
        await using ServerProcess first = Start(), second = Start(), third = Start();
        Dictionary<string, ServerProcess> servers = [];
        foreach (ServerProcess server in (ServerProcess[])[first, second, third])
            servers.Add((await server.ReadyAsync()).Authority, server);
        await using NginxProcess nginx = await NginxProcess.StartAsync("nginx.conf", servers.Keys.Select((authority, i) => ($"127.0.0.1:{8001 + i}", authority)));
        using var client = new HttpClient { BaseAddress = nginx.Address, Timeout = TimeSpan.FromMinutes(3) };

        var started = new ConcurrentDictionary<string, bool>();     // servers that write a stream
        Task<Outcome>[] clients = [.. Enumerable.Range(0, NumClients).Select(i => Task.Run(() => TalkAsync(client, i, started)))];
        await UntilAsync(() => started.Count >= 2 || Array.TrueForAll(clients, c => c.IsCompleted));
        Assert.True(started.Count >= 2, $"all {NumClients} conversations went to one server");
        string[] chosen = [.. started.Keys.Take(2)];
        servers[chosen[0]].Signal(Kill);
        servers[chosen[1]].Signal(ServerProcess.Terminate);

        Outcome[] outcomes = await Task.WhenAll(clients);
        Assert.Equal(0, await servers[chosen[1]].ExitCodeAsync());
        Answer[] answers = [.. outcomes.SelectMany(o => o.Answers)];
        string told = string.Join('\n', answers.Where(a => a.Error is not null).Select(a => $"{a.Server} {a.Error}"));
        Assert.Equal(NumClients * NumTurns, answers.Length);
        Answer[] lost = [.. answers.Where(a => a.Error is not null)];
        Assert.NotEmpty(lost);
        Assert.All(lost, a => Assert.True(a.Server == chosen[0] && a.IsStream && a.HasBegun, told));
        Assert.Contains(answers, a => a.Error is null && a.Server == servers.Keys.Except(chosen).Single());
        Assert.Contains(answers, a => a.Error is null && a.Server == chosen[1]);
    }

    [Fact]
    public async Task A_conversation_stays_with_its_server_and_finds_its_prefix_there()
    {
        NginxProcess.SkipWhereAbsent();
        await using ServerProcess first = Start(), second = Start();
        string[] authorities = [(await first.ReadyAsync()).Authority, (await second.ReadyAsync()).Authority];
        await using NginxProcess nginx = await NginxProcess.StartAsync(
            "nginx.conf", ("127.0.0.1:8001", authorities[0]), ("127.0.0.1:8002", authorities[1]), ("server 127.0.0.1:8003 max_fails=1 fail_timeout=5s;", ""));
        using var client = new HttpClient { BaseAddress = nginx.Address };
        var used = new HashSet<string>();
        for (int i = 0; i < 10; i++)
        {
            JsonArray messages = [Message("system", "You are kind, brief and exact; you answer in whole sentences, whatever you are asked."), Message("user", $"This is conversation {i}. What is {i} + {i}?")];
            (string server, JsonNode body) = await AskAsync(client, messages);
            messages.Add(Message("assistant", (string)body["choices"]![0]!["message"]!["content"]!));
            messages.Add(Message("user", "And one more?"));
            (string again, JsonNode next) = await AskAsync(client, messages);
            Assert.Equal(server, again);
            Assert.True((int)next["usage"]!["prompt_tokens_details"]!["cached_tokens"]! >= 32, next.ToJsonString());
            used.Add(server);
        }
        Assert.Equal(2, used.Count);

        // A name of the client's own comes before how the conversation begins.
        HashSet<string> named = [], keyed = [];
        for (int i = 0; i < 4; i++)
        {
            named.Add((await AskAsync(client, [Message("user", $"{i}?")], ("x-session-id", "one"))).Server);
            keyed.Add((await AskAsync(client, [Message("user", $"{i}?")], key: "one")).Server);
        }
        Assert.Single(named);
        Assert.Single(keyed);

        // Whoever made a response is found by its id.
        for (int i = 0; i < 4; i++)
        {
            using HttpResponseMessage made = await client.PostAsync("/v1/responses", Json(new JsonObject { ["model"] = "gemma-4-demo", ["input"] = $"{i}?", ["max_output_tokens"] = 16 }), TestContext.Current.CancellationToken);
            JsonNode response = JsonNode.Parse(await made.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
            Assert.Equal(HttpStatusCode.OK, made.StatusCode);
            Assert.Equal(HttpStatusCode.OK, (await client.GetAsync($"/v1/responses/{response["id"]}", TestContext.Current.CancellationToken)).StatusCode);
        }
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync("/v1/responses/resp_nobodys", TestContext.Current.CancellationToken)).StatusCode);
    }

    [Fact]
    public async Task Models_of_two_servers_are_served_behind_one_door()
    {
        NginxProcess.SkipWhereAbsent();
        const string Small = "gemma-4-E2B-it", Large = "gemma-4-26B-A4B-it";
        await using ServerProcess small = Start("--served-model-name", Small), large = Start("--served-model-name", Large);
        string smallAt = (await small.ReadyAsync()).Authority, largeAt = (await large.ReadyAsync()).Authority;
        await using NginxProcess nginx = await NginxProcess.StartAsync("models.conf", ("127.0.0.1:8001", smallAt), ("127.0.0.1:8002", largeAt));
        using var client = new HttpClient { BaseAddress = nginx.Address };

        JsonNode list = JsonNode.Parse(await client.GetStringAsync("/v1/models", TestContext.Current.CancellationToken))!;
        Assert.Equal([Small, Large], list["data"]!.AsArray().Select(m => (string)m!["id"]!));
        foreach ((string model, string server) in ((string, string)[])[(Small, smallAt), (Large, largeAt)])
        {
            (string at, JsonNode answer) = await AskAsync(client, [Message("user", "What is the capital of France?")], model: model);
            Assert.Equal((server, model), (at, (string)answer["model"]!));
            Assert.Equal("The capital of France is Paris.", (string)answer["choices"]![0]!["message"]!["content"]!);
            Assert.Equal(server, ServerOf(await client.GetAsync($"/v1/models/{model}", TestContext.Current.CancellationToken)));

            using var form = new MultipartFormDataContent { { new StringContent(model), "model" } };
            form.Add(new ByteArrayContent(await File.ReadAllBytesAsync(Path.Combine(RepositoryPaths.Root, "docs", "digits.wav"), TestContext.Current.CancellationToken)), "file", "digits.wav");
            using HttpResponseMessage heard = await client.PostAsync("/v1/audio/transcriptions", form, TestContext.Current.CancellationToken);
            Assert.Equal((HttpStatusCode.OK, server), (heard.StatusCode, ServerOf(heard)));
        }
        using HttpResponseMessage unknown = await client.PostAsync("/v1/chat/completions", Json(new JsonObject { ["model"] = "gpt-9", ["messages"] = new JsonArray(Message("user", "x")) }), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        Assert.Contains("model_not_found", await unknown.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);

        large.Signal(ServerProcess.Terminate);
        Assert.Equal(0, await large.ExitCodeAsync());
        using HttpResponseMessage gone = await client.PostAsync("/v1/chat/completions", Json(new JsonObject { ["model"] = Large, ["messages"] = new JsonArray(Message("user", "x")) }), TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "5"), (gone.StatusCode, gone.Headers.RetryAfter!.ToString()));
        Assert.Contains("service_unavailable", await gone.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    private static ServerProcess Start(params string[] args) => new([.. args, "--port", "0", "--max-context", "2048", "--max-sequences", "32", "--Server:DrainSeconds", "120"]);

    /// <summary>A client's conversation: turns that are streamed and turns that are not, one after the other, whatever comes of them.</summary>
    private static async Task<Outcome> TalkAsync(HttpClient client, int index, ConcurrentDictionary<string, bool> started)
    {
        var outcome = new Outcome([]);
        JsonArray messages = [Message("user", $"Conversation {index}: tell me about {index} birds.")];
        for (int turn = 0; turn < NumTurns; turn++)
        {
            Answer answer = (index + turn) % 4 == 3 ? await WholeAsync(client, messages) : await StreamAsync(client, messages, started);
            outcome.Answers.Add(answer);
            messages.Add(Message("assistant", answer.Text));
            messages.Add(Message("user", "And then?"));
        }
        return outcome;
    }

    private static async Task<Answer> StreamAsync(HttpClient client, JsonArray messages, ConcurrentDictionary<string, bool> started)
    {
        string? server = null;
        var text = new StringBuilder();
        bool isFinished = false, isDone = false, hasBegun = false;
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = Json(Body(messages, StreamTokens, isStream: true)) };
            using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
            server = ServerOf(response);
            if (response.StatusCode != HttpStatusCode.OK)
                return new Answer(server, true, false, "", $"{response.StatusCode}: {await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}");
            hasBegun = true;
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
            while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
            {
                if (line == "data: [DONE]")
                    isDone = true;
                if (!line.StartsWith("data: {", StringComparison.Ordinal))
                    continue;
                JsonNode? choice = JsonNode.Parse(line["data: ".Length..])!["choices"]?.AsArray().FirstOrDefault();
                if ((string?)choice?["delta"]?["content"] is { Length: > 0 } delta)
                {
                    text.Append(delta);
                    started.TryAdd(server!, true);
                }
                isFinished |= (string?)choice?["finish_reason"] == "length";
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return new Answer(server, true, hasBegun, text.ToString(), e.Message);
        }
        return new Answer(server, true, hasBegun, text.ToString(), isFinished && isDone ? null : "the stream ended early");
    }

    private static async Task<Answer> WholeAsync(HttpClient client, JsonArray messages)
    {
        try
        {
            using HttpResponseMessage response = await client.PostAsync("/v1/chat/completions", Json(Body(messages, StreamTokens / 2, isStream: false)), TestContext.Current.CancellationToken);
            string body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            if (response.StatusCode != HttpStatusCode.OK)
                return new Answer(ServerOf(response), false, false, "", $"{response.StatusCode}: {body}");
            JsonNode choice = JsonNode.Parse(body)!["choices"]![0]!;
            return new Answer(ServerOf(response), false, true, (string?)choice["message"]!["content"] ?? "", (string)choice["finish_reason"]! == "length" ? null : body);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return new Answer(null, false, false, "", e.Message);
        }
    }

    private static async Task<(string Server, JsonNode Body)> AskAsync(
        HttpClient client, JsonArray messages, (string Name, string Value)? header = null, string? key = null, string model = "gemma-4-demo")
    {
        JsonObject body = new() { ["model"] = model, ["messages"] = messages.DeepClone(), ["max_tokens"] = 20, ["temperature"] = 0 };
        if (key is not null)
            body["prompt_cache_key"] = key;
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = Json(body) };
        if (header is { } extra)
            request.Headers.Add(extra.Name, extra.Value);
        using HttpResponseMessage response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, text);
        return (ServerOf(response), JsonNode.Parse(text)!);
    }

    private static JsonObject Body(JsonArray messages, int tokens, bool isStream) => new()
    {
        ["model"] = "gemma-4-demo",
        ["messages"] = messages.DeepClone(),
        ["temperature"] = 0,
        ["max_tokens"] = tokens,
        ["ignore_eos"] = true,
        ["stream"] = isStream,
    };

    private static JsonObject Message(string role, string content) => new() { ["role"] = role, ["content"] = content };

    private static StringContent Json(JsonNode body) => new(body.ToJsonString(), Encoding.UTF8, "application/json");

    /// <summary>The last of those that nginx asked.</summary>
    private static string ServerOf(HttpResponseMessage response) => response.Headers.GetValues("x-served-by").Single().Split(", ")[^1];

    private static async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
            await Task.Delay(5, TestContext.Current.CancellationToken);
    }

    private sealed record Outcome(List<Answer> Answers);

    /// <param name="Server">Who wrote it; null where no answer began.</param>
    /// <param name="IsStream">Whether it was streamed.</param>
    /// <param name="HasBegun">Whether its status came.</param>
    /// <param name="Text">What came of it.</param>
    /// <param name="Error">What was wrong; null where it is whole.</param>
    private sealed record Answer(string? Server, bool IsStream, bool HasBegun, string Text, string? Error);
}
