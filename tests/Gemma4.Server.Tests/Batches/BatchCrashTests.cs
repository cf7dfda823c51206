using System.Text.Json;
using Gemma4.Server.Storage.Databases;
using Gemma4.Server.Tests.Storage;
using Gemma4.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Gemma4.Server.Tests.Batches;

/// <summary>Batches whose server is killed or stopped.</summary>
public sealed class BatchCrashTests(PostgresServer postgres) : IDisposable
{
    private const int Killed = 9;

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_batch_goes_on_where_it_was_each_time_its_server_is_killed()
    {
        string[] lines = Lines(400);
        string id = "";
        int before = 0;
        for (int kill = 0; kill < 3; kill++)
        {
            await using var server = new ServerProcess(Switches(_folder["data"]));
            using var client = new HttpClient { BaseAddress = await server.ReadyAsync() };
            if (kill == 0)
                id = (await BatchCalls.BeginAsync(client, lines)).Text("id");
            JsonElement batch = await BatchCalls.WaitAsync(client, id, batch => batch.Counts().Completed > before);
            Assert.Equal("in_progress", batch.Text("status"));
            before = batch.Counts().Completed;
            server.Signal(Killed);
            await server.ExitCodeAsync();
        }
        await using var last = new ServerProcess(Switches(_folder["data"]));
        using var again = new HttpClient { BaseAddress = await last.ReadyAsync() };
        await CompletedAsync(again, id, lines.Length);
    }

    [Fact]
    public async Task Another_server_takes_a_batch_over_whose_server_is_killed()
    {
        string[] switches = Switches(await postgres.DatabaseAsync()), lines = Lines(300);
        await using ServerProcess a = new(switches), b = new(switches);
        using HttpClient ofA = new() { BaseAddress = await a.ReadyAsync() }, ofB = new() { BaseAddress = await b.ReadyAsync() };
        string id = (await BatchCalls.BeginAsync(ofA, lines)).Text("id");
        Assert.Equal("in_progress", (await BatchCalls.WaitAsync(ofB, id, batch => batch.Counts().Completed > 0)).Text("status"));
        bool isOfA = (await ofA.GetStringAsync("/metrics", Cancelled)).Contains("gemma4_batch_running 1", StringComparison.Ordinal);
        (ServerProcess killed, HttpClient left) = isOfA ? (a, ofB) : (b, ofA);
        killed.Signal(Killed);
        await killed.ExitCodeAsync();
        await CompletedAsync(left, id, lines.Length);
    }

    [Fact]
    public async Task A_server_that_stops_gives_its_batch_back_at_once()
    {
        string data = _folder["stopped"], id;
        var gate = new TaskCompletionSource();
        await using (ServerUnderTest first = Server(data, Script.Gated("x", (_, _) => gate.Task)))
        {
            using HttpClient client = await first.ReadyClientAsync();
            id = (await BatchCalls.BeginAsync(client, Enumerable.Range(0, 3).Select(i => BatchCalls.ChatLine($"{i}")))).Text("id");
            for (int i = 0; i < 500 && first.Engine.Requests.Count < 3; i++)
                await Task.Delay(20, Cancelled);
        }
        await using ServerUnderTest second = Server(data, Script.Saying("x"));
        using HttpClient again = await second.ReadyClientAsync();
        Assert.Equal((3, 3, 0), (await BatchCalls.EndAsync(again, id)).Counts());
    }

    [Fact]
    public async Task A_batch_that_ends_server_after_server_is_given_up_with_what_is_answered()
    {
        string data = _folder["poison"], id;
        await using (ServerUnderTest first = Server(data, new FakeEngine((request, cancelled) => request.PromptTokenIds.Length < 20 ? Script.Play(request, "x") : Script.Endless("y", request, cancelled))))
        {
            using HttpClient client = await first.ReadyClientAsync();
            string poison = string.Join(' ', Enumerable.Repeat("poison", 20));
            id = (await BatchCalls.BeginAsync(client, [BatchCalls.ChatLine("good"), BatchCalls.ChatLine("bad", question: poison)])).Text("id");
            await BatchCalls.WaitAsync(client, id, batch => batch.Counts() == (2, 1, 0));
        }
        var load = new TaskCompletionSource();
        await using var second = new ServerUnderTest(Script.Saying("x"), ("Storage:Data", data)) { TakesItsAnswers = false, MayLoad = load.Task };
        using HttpClient again = second.CreateClient();
        await second.Services.GetRequiredService<Database>().WriteAsync("", session => session.ExecuteAsync("UPDATE jobs SET attempts = 5"), Cancelled);
        load.SetResult();
        JsonElement done = await BatchCalls.EndAsync(again, id);
        Assert.Equal(("completed", (2, 1, 1)), (done.Text("status"), done.Counts()));
        JsonElement line = Assert.Single(await BatchCalls.AnswersAsync(again, done, "error_file_id"));
        Assert.Equal(("bad", "server_error"), (line.Text("custom_id"), line.GetProperty("error").Text("code")));
        Assert.Empty(second.Engine.Requests);
    }

    /// <summary>Its lease would hold for an hour.</summary>
    private static ServerUnderTest Server(string data, FakeEngine engine) =>
        new(engine, ("Storage:Data", data), ("Storage:LeaseSeconds", "3600"), ("Server:DrainSeconds", "30")) { TakesItsAnswers = false };

    private static string[] Switches(string data) => ["--port", "0", "--model", RepositoryPaths.DemoModel, "--data", data, "--Storage:LeaseSeconds", "1", "--threads", "1"];

    private static string[] Lines(int number) =>
        [.. Enumerable.Range(0, number).Select(i => BatchCalls.ChatLine($"line {i}", "\"temperature\":0,\"ignore_eos\":true,\"max_completion_tokens\":" + (20 + (i % 40)) + ",", $"What is {i} + 5?"))];

    private static async Task CompletedAsync(HttpClient client, string id, int numLines)
    {
        JsonElement done = await BatchCalls.EndAsync(client, id);
        Assert.Equal(("completed", (numLines, numLines, 0)), (done.Text("status"), done.Counts()));
        JsonElement[] answers = await BatchCalls.AnswersAsync(client, done, "output_file_id");
        Assert.Equal(Enumerable.Range(0, numLines).Select(i => $"line {i}"), answers.Select(line => line.Text("custom_id")));
        Assert.All(answers, line => Assert.Equal(200, line.GetProperty("response").GetProperty("status_code").GetInt32()));
    }
}
