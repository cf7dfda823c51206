using System.Text.Json;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Storage;

/// <summary>What is there after a server has stopped, or died, and another one started.</summary>
public sealed class RestartTests : IDisposable
{
    private const int Killed = 9;

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_response_is_read_and_gone_on_from_after_a_restart()
    {
        string id;
        await using (ServerUnderTest first = Server(Script.Saying("Blue.")))
        {
            using HttpClient client = await first.ReadyClientAsync();
            id = await PostAsync(client, """ "input":"What colour is the sky?" """);
        }
        FakeEngine engine = Script.Saying("Because.");
        await using ServerUnderTest second = Server(engine);
        using HttpClient again = await second.ReadyClientAsync();
        JsonElement kept = await GetAsync(again, id);
        Assert.Equal("Blue.", kept.GetProperty("output")[0].GetProperty("content")[0].GetProperty("text").GetString());
        await PostAsync(again, $$""" "input":"Why?","previous_response_id":"{{id}}" """);
        Assert.Contains("the sky?<turn|>\n<|turn>model\nBlue.<turn|>", ServerUnderTest.Tokenizer.Decode(engine.Requests.Last().PromptTokenIds.AsSpan()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_response_in_the_background_that_a_stop_cuts_is_made_again()
    {
        string id;
        await using (ServerUnderTest first = Server(Script.Endless("Once upon")))
        {
            using HttpClient client = await first.ReadyClientAsync();
            id = await PostAsync(client, """ "input":"A story.","background":true """);
        }
        await using ServerUnderTest second = Server(Script.Saying("The end."));
        using HttpClient again = await second.ReadyClientAsync();
        JsonElement done = await EndAsync(again, id);
        Assert.Equal(("completed", "The end."), (Status(done), done.GetProperty("output")[0].GetProperty("content")[0].GetProperty("text").GetString()));
        string events = await again.GetStringAsync($"/v1/responses/{id}?stream=true&starting_after=2", Cancelled);
        JsonElement[] frames = Sse.NamedFrames(events);
        Assert.Equal(3, frames[0].GetProperty("sequence_number").GetInt32());
        Assert.Equal("response.completed", frames[^1].GetProperty("type").GetString());
    }

    [Fact]
    public async Task A_streamed_one_that_was_begun_fails_with_a_code_of_its_own()
    {
        string id;
        await using (ServerUnderTest first = Server(Script.Endless("Once upon")))
        {
            using HttpClient client = await first.ReadyClientAsync();
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/responses")
            {
                Content = new StringContent("""{"model":"gemma-4-demo","input":"A story.","background":true,"stream":true}""", System.Text.Encoding.UTF8, "application/json"),
            };
            using HttpResponseMessage stream = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancelled);
            using var reader = new StreamReader(await stream.Content.ReadAsStreamAsync(Cancelled));
            await reader.ReadLineAsync(Cancelled);
            id = JsonElement.Parse((await reader.ReadLineAsync(Cancelled))!["data: ".Length..]).GetProperty("response").GetProperty("id").GetString()!;
            while (!(await reader.ReadLineAsync(Cancelled))!.Contains("Once", StringComparison.Ordinal))
            {
                // Up to the first text.
            }
        }
        await using ServerUnderTest second = Server(Script.Saying("x"));
        using HttpClient again = await second.ReadyClientAsync();
        JsonElement done = await EndAsync(again, id);
        Assert.Equal(("failed", "interrupted"), (Status(done), done.GetProperty("error").GetProperty("code").GetString()));
        JsonElement[] frames = Sse.NamedFrames(await again.GetStringAsync($"/v1/responses/{id}?stream=true", Cancelled));
        Assert.Equal(Enumerable.Range(0, frames.Length), frames.Select(f => f.GetProperty("sequence_number").GetInt32()));
        Assert.Equal("response.failed", frames[^1].GetProperty("type").GetString());
    }

    [Fact]
    public async Task A_response_in_the_background_outlives_a_server_that_is_killed()
    {
        string[] switches = ["--port", "0", "--model", RepositoryPaths.DemoModel, "--data", _folder["data"], "--Storage:LeaseSeconds", "1", "--threads", "1"];
        string id, kept;
        await using (var first = new ServerProcess(switches))
        {
            using var client = new HttpClient { BaseAddress = await first.ReadyAsync() };
            kept = await PostAsync(client, """ "input":"What is 7 + 5?","temperature":0 """);
            id = await PostAsync(client, """ "input":"What is the capital of France?","temperature":0,"ignore_eos":true,"max_output_tokens":600,"background":true """);
            first.Signal(Killed);
            await first.ExitCodeAsync();
        }
        await using var second = new ServerProcess(switches);
        using var again = new HttpClient { BaseAddress = await second.ReadyAsync() };
        Assert.Equal("completed", Status(await GetAsync(again, kept)));
        JsonElement done = await EndAsync(again, id);
        Assert.Contains(Status(done), (string[])["completed", "incomplete"]);
        Assert.StartsWith("The capital of France is Paris.", done.GetProperty("output")[0].GetProperty("content")[0].GetProperty("text").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_whose_lease_was_lost_is_not_said_to_be_cancelled()
    {
        await using ServerUnderTest server = Server(Script.Endless("Once upon"));
        using HttpClient client = await server.ReadyClientAsync();
        string id = await PostAsync(client, """ "input":"A story.","background":true """);
        using HttpResponseMessage stream = await client.GetAsync($"/v1/responses/{id}?stream=true", HttpCompletionOption.ResponseHeadersRead, Cancelled);
        using var reader = new StreamReader(await stream.Content.ReadAsStreamAsync(Cancelled));
        await reader.ReadLineAsync(Cancelled);

        // What the machine's sleep does: when it wakes, another has taken what was not renewed.
        await using (var database = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Directory.GetFiles(_folder["data"], "*.db").Single()}"))
        {
            await database.OpenAsync(Cancelled);
            await using Microsoft.Data.Sqlite.SqliteCommand take = database.CreateCommand();
            take.CommandText = "UPDATE jobs SET lease = 'another', leased_until = 99999999999999";
            Assert.Equal(1, await take.ExecuteNonQueryAsync(Cancelled));
        }
        string told = "";
        // The stream is cut: its end has not come.
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            while (await reader.ReadLineAsync(Cancelled) is { } line)
                told += line;
        });
        Assert.DoesNotContain("cancelled", told, StringComparison.Ordinal);
        Assert.Contains(Status(await GetAsync(client, id)), (string[])["queued", "in_progress"]);
    }

    private ServerUnderTest Server(FakeEngine engine) => new(
        engine, ("Storage:Data", _folder["data"]), ("Storage:LeaseSeconds", "1"), ("Server:DrainSeconds", "0"));

    private static async Task<string> PostAsync(HttpClient client, string fields)
    {
        using HttpResponseMessage answer = await ServerUnderTest.PostAsync(client, "/v1/responses", "{\"model\":\"gemma-4-demo\"," + fields + "}");
        JsonElement json = await ServerUnderTest.JsonAsync(answer);
        Assert.True(answer.IsSuccessStatusCode, json.GetRawText());
        return json.GetProperty("id").GetString()!;
    }

    private static async Task<JsonElement> GetAsync(HttpClient client, string id) => JsonElement.Parse(await client.GetStringAsync($"/v1/responses/{id}", Cancelled));

    private static async Task<JsonElement> EndAsync(HttpClient client, string id)
    {
        JsonElement now = await GetAsync(client, id);
        for (int i = 0; i < 600 && Status(now) is "queued" or "in_progress"; i++)
        {
            await Task.Delay(50, Cancelled);
            now = await GetAsync(client, id);
        }
        return now;
    }

    private static string Status(JsonElement response) => response.GetProperty("status").GetString()!;
}
