using System.Text.Json;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Storage;

/// <summary>A database that is full, silent or slow: answers go out, and say that they are not kept.</summary>
public sealed class StorageFaultTests
{
    private const string Ask = """{"model":"gemma-4-demo","input":"Hi"}""";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("full", "no room left")]
    [InlineData("broken", "does not answer")]
    public async Task Answers_go_out_and_say_that_they_are_not_kept_until_the_database_is_well_again(string fault, string said)
    {
        FaultyDatabase? database = null;
        FakeEngine engine = Script.Saying("Hello.");
        await using var server = new ServerUnderTest(engine) { Database = health => database = new FaultyDatabase(health), TakesItsAnswers = false };
        using HttpClient client = await server.ReadyClientAsync();
        JsonElement kept = await AnswerAsync(client, isKept: true);
        database!.Fault = new IOException(fault);
        await AnswerAsync(client, isKept: false);
        await AnswerAsync(client, isKept: false);
        using HttpResponseMessage health = await client.GetAsync("/health", Cancelled);
        JsonElement report = await ServerUnderTest.JsonAsync(health);
        Assert.Equal((200, "degraded"), ((int)health.StatusCode, report.GetProperty("status").GetString()));
        Assert.Contains(said, report.GetProperty("error").GetString(), StringComparison.Ordinal);
        using HttpResponseMessage read = await client.GetAsync($"/v1/responses/{kept.GetProperty("id").GetString()}", Cancelled);
        string refusal = await read.Content.ReadAsStringAsync(Cancelled);
        Assert.Equal(503, (int)read.StatusCode);
        Assert.Contains(said, refusal, StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromSeconds(1), read.Headers.RetryAfter!.Delta);
        // What cannot be promised is not begun.
        using HttpResponseMessage background = await ServerUnderTest.PostAsync(client, "/v1/responses", """{"model":"gemma-4-demo","input":"Hi","background":true}""");
        Assert.Equal((503, 0), ((int)background.StatusCode, engine.NumRunning));
        string stream = await (await ServerUnderTest.PostAsync(client, "/v1/responses", """{"model":"gemma-4-demo","input":"Hi","stream":true}""")).Content.ReadAsStringAsync(Cancelled);
        Assert.False(Sse.NamedFrames(stream)[^1].GetProperty("response").GetProperty("store").GetBoolean());
        Assert.Contains(server.Log.Events, e => e.RenderMessage(null).Contains("without being kept", StringComparison.Ordinal));
        database.Fault = null;
        for (int i = 0; i < 300 && (await client.GetStringAsync("/health", Cancelled)).Contains("degraded", StringComparison.Ordinal); i++)
            await Task.Delay(100, Cancelled);
        await AnswerAsync(client, isKept: true);
    }

    [Fact]
    public async Task A_slow_database_is_waited_for_as_long_as_an_answer_may()
    {
        FaultyDatabase? database = null;
        await using var server = new ServerUnderTest(Script.Saying("Hello."), ("Storage:WaitMilliseconds", "100"))
        {
            Database = health => database = new FaultyDatabase(health),
            TakesItsAnswers = false,
        };
        using HttpClient client = await server.ReadyClientAsync();
        var gate = new TaskCompletionSource();
        database!.Gate = gate.Task;
        await AnswerAsync(client, isKept: false);
        gate.SetResult();
        await AnswerAsync(client, isKept: true);
    }

    [Fact]
    public async Task No_more_waits_for_the_database_than_may()
    {
        FaultyDatabase? database = null;
        await using var server = new ServerUnderTest(Script.Saying("Hello."), ("Storage:WaitMilliseconds", "600000"))
        {
            Database = health => database = new FaultyDatabase(health, maxQueued: 1),
            TakesItsAnswers = false,
            Time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(DateTimeOffset.UtcNow), // nothing else comes to the database by and by
        };
        using HttpClient client = await server.ReadyClientAsync();
        var gate = new TaskCompletionSource();
        database!.Gate = gate.Task;
        Task<JsonElement> first = AnswerAsync(client, isKept: true);
        for (int i = 0; i < 1000 && database.NumQueued == 0; i++)
            await Task.Delay(10, Cancelled);
        await AnswerAsync(client, isKept: false);
        gate.SetResult();
        await first;
        await AnswerAsync(client, isKept: true);
    }

    [Fact]
    public async Task A_PostgreSQL_that_dies_and_comes_back_is_used_again()
    {
        await using var own = new PostgresServer();
        await using TestStorage storage = await TestStorage.OpenAsync("postgres", own);
        Assert.True(await storage.Of("me").TryKeepAsync(SampleResponses.Of("a")));
        await own.RestartAsync(isUp: false);
        Assert.False(await storage.Of("me").TryKeepAsync(SampleResponses.Of("b")));
        Assert.NotNull(storage.Health.Fault);
        Assert.False(await storage.Of("me").TryKeepAsync(SampleResponses.Of("b")));
        await own.RestartAsync(isUp: true);
        await storage.Service.ProbeAsync(Cancelled);
        Assert.Null(storage.Health.Fault);
        Assert.True(await storage.Of("me").TryKeepAsync(SampleResponses.Of("b")));
        Assert.NotNull(await storage.Of("me").FindAsync("a", Cancelled));
    }

    private static async Task<JsonElement> AnswerAsync(HttpClient client, bool isKept)
    {
        using HttpResponseMessage answer = await ServerUnderTest.PostAsync(client, "/v1/responses", Ask);
        JsonElement json = await ServerUnderTest.JsonAsync(answer);
        Assert.Equal((200, isKept, isKept), ((int)answer.StatusCode, json.GetProperty("store").GetBoolean(), !answer.Headers.Contains("Warning")));
        return json;
    }
}
