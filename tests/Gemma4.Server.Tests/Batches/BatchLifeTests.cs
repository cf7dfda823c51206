using System.Text.Json;
using Gemma4.Engine.Requests;
using Gemma4.Server.Storage.Databases;
using Gemma4.Server.Tests.Storage;
using Gemma4.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Gemma4.Server.Tests.Batches;

/// <summary>Batches that do not simply come to their end.</summary>
public sealed class BatchLifeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ShiftedTime _time = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_batch_that_is_cancelled_keeps_what_is_answered()
    {
        await using ServerUnderTest server = Server(Stubborn("slow"));
        using HttpClient client = await server.ReadyClientAsync();
        string id = await BeginAsync(client, "a", "slow b", "c", "slow d");
        await BatchCalls.WaitAsync(client, id, batch => batch.Counts() == (4, 2, 0));
        using HttpResponseMessage answer = await BatchCalls.CancelAsync(client, id);
        JsonElement cancelling = await BatchCalls.JsonAsync(answer);
        Assert.Equal("cancelling", cancelling.Text("status"));
        JsonElement done = await BatchCalls.EndAsync(client, id);
        Assert.Equal("cancelled", done.Text("status"));
        Assert.True(done.TryGetProperty("cancelling_at", out _) && done.TryGetProperty("cancelled_at", out _));
        Assert.Equal((4, 2, 0), done.Counts());
        Assert.Equal(["a", "c"], await IdsAsync(client, done, "output_file_id"));
        Assert.False(done.TryGetProperty("error_file_id", out _));
        Assert.Equal(0, server.Engine.NumRunning);
        using HttpResponseMessage again = await BatchCalls.CancelAsync(client, id);
        Assert.Equal("cancelled", (await BatchCalls.JsonAsync(again)).Text("status"));
    }

    [Fact]
    public async Task What_is_not_answered_when_the_time_is_up_stands_in_the_file_of_errors()
    {
        await using ServerUnderTest server = Server(Stubborn("slow"));
        using HttpClient client = await server.ReadyClientAsync();
        string id = await BeginAsync(client, "a", "slow b", "c", "slow d");
        await BatchCalls.WaitAsync(client, id, batch => batch.Counts() == (4, 2, 0));
        _time.Shift(TimeSpan.FromHours(24.1));
        JsonElement done = await BatchCalls.EndAsync(client, id);
        Assert.Equal("expired", done.Text("status"));
        Assert.True(done.TryGetProperty("expired_at", out _));
        Assert.Equal((4, 2, 2), done.Counts());
        Assert.Equal(["a", "c"], await IdsAsync(client, done, "output_file_id"));
        JsonElement[] expired = await BatchCalls.AnswersAsync(client, done, "error_file_id");
        Assert.Equal(["slow b", "slow d"], expired.Select(line => line.Text("custom_id")));
        Assert.All(expired, line => Assert.Equal((JsonValueKind.Null, "batch_expired"), (line.GetProperty("response").ValueKind, line.GetProperty("error").Text("code"))));
    }

    [Fact]
    public async Task A_file_that_is_deleted_stays_the_batchs_until_its_end()
    {
        await using ServerUnderTest server = Server(Stubborn("slow"));
        using HttpClient client = await server.ReadyClientAsync();
        string id = await BeginAsync(client, "a", "slow b");
        JsonElement batch = await BatchCalls.WaitAsync(client, id, batch => batch.Counts() == (2, 1, 0));
        using HttpResponseMessage deleted = await client.DeleteAsync($"/v1/files/{batch.Text("input_file_id")}", Cancelled);
        Assert.True(deleted.IsSuccessStatusCode);
        Assert.True(await NumberAsync(server, "SELECT file_bytes FROM holdings") > 0);
        _time.Shift(TimeSpan.FromHours(24.1));
        JsonElement done = await BatchCalls.EndAsync(client, id);
        Assert.Equal(["slow b"], await IdsAsync(client, done, "error_file_id"));
        foreach (string name in (string[])["output_file_id", "error_file_id"])
            await client.DeleteAsync($"/v1/files/{done.Text(name)}", Cancelled);
        Assert.Equal(0, await NumberAsync(server, "SELECT file_bytes FROM holdings"));
    }

    [Fact]
    public async Task Lines_that_begin_alike_are_answered_together()
    {
        var gate = new TaskCompletionSource();
        await using ServerUnderTest server = Server(Script.Gated("x", (_, _) => gate.Task));
        using HttpClient client = await server.ReadyClientAsync();
        string id = await BeginAsync(client, [.. Enumerable.Range(0, 200).Select(i => i % 2 == 0 ? $"Of the first kind {i}" : $"Of the second kind {i}")]);
        for (int i = 0; i < 500 && server.Engine.Requests.Count < 64; i++)
            await Task.Delay(20, Cancelled);
        await Task.Delay(200, Cancelled); // for more than may be
        string[] prompts = [.. server.Engine.Requests.Select(request => ServerUnderTest.Tokenizer.Decode(request.PromptTokenIds.AsSpan()))];
        Assert.Equal(64, prompts.Length);
        Assert.All(prompts, prompt => Assert.Contains("Of the first kind", prompt, StringComparison.Ordinal));
        gate.SetResult();
        Assert.Equal((200, 200, 0), (await BatchCalls.EndAsync(client, id)).Counts());
    }

    [Fact]
    public async Task A_line_waits_where_there_is_no_room_and_a_fault_is_tried_three_times()
    {
        FakeEngine engine = Script.Saying("x");
        engine.Rejection = new RequestRejectedException(RejectionReason.QueueFull, "full") { RetryAfter = TimeSpan.FromMilliseconds(1) };
        await using ServerUnderTest server = Server(engine);
        using HttpClient client = await server.ReadyClientAsync();
        string id = await BeginAsync(client, "a");
        for (int i = 0; i < 500 && engine.Requests.Count < 2; i++)
            await Task.Delay(20, Cancelled);
        Assert.Equal("in_progress", (await BatchCalls.GetAsync(client, id)).Text("status"));
        engine.Rejection = null;
        Assert.Equal((1, 1, 0), (await BatchCalls.EndAsync(client, id)).Counts());

        await using ServerUnderTest faulty = Server(new FakeEngine((_, _) => Fault()));
        using HttpClient ofFaulty = await faulty.ReadyClientAsync();
        JsonElement done = await BatchCalls.EndAsync(ofFaulty, await BeginAsync(ofFaulty, "a"));
        Assert.Equal((1, 0, 1), done.Counts());
        Assert.Equal(500, Assert.Single(await BatchCalls.AnswersAsync(ofFaulty, done, "error_file_id")).GetProperty("response").GetProperty("status_code").GetInt32());
        Assert.Equal(3, faulty.Engine.Requests.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_batch_whose_files_have_no_room_waits_for_it_until_its_time_is_up(bool isUp)
    {
        var gate = new TaskCompletionSource();
        await using ServerUnderTest server = Server(Script.Gated("x", (_, _) => gate.Task), ("Storage:MaxFileMegabytes", "1"));
        using HttpClient client = await server.ReadyClientAsync();
        string id = await BeginAsync(client, "a");
        string filler = await BatchCalls.SendFileAsync(client, new string('x', 999_700), "user_data");
        gate.SetResult();
        await LoggedAsync(server, "cannot go on now");
        Assert.Equal("finalizing", (await BatchCalls.GetAsync(client, id)).Text("status"));
        using HttpResponseMessage refused = await BatchCalls.CancelAsync(client, id);
        Assert.Equal(409, (int)refused.StatusCode);
        if (!isUp)
            await client.DeleteAsync($"/v1/files/{filler}", Cancelled);
        _time.Shift(isUp ? TimeSpan.FromHours(24.1) : TimeSpan.FromMinutes(2));
        JsonElement done = await BatchCalls.EndAsync(client, id);
        Assert.Equal(isUp ? "failed" : "completed", done.Text("status"));
        Assert.Equal(isUp ? [] : ["a"], await IdsAsync(client, done, "output_file_id"));
        if (isUp)
            Assert.Equal("file_too_large", done.GetProperty("errors").GetProperty("data")[0].Text("code"));
    }

    [Fact]
    public async Task One_caller_s_long_batches_do_not_keep_another_s_waiting()
    {
        await using ServerUnderTest server = Server(Stubborn("slow"), ("Server:ApiKeys:0", "sk-a"), ("Server:ApiKeys:1", "sk-b"));
        using HttpClient a = await server.ReadyClientAsync(), b = await server.ReadyClientAsync();
        a.DefaultRequestHeaders.Authorization = new("Bearer", "sk-a");
        b.DefaultRequestHeaders.Authorization = new("Bearer", "sk-b");
        for (int i = 0; i < 5; i++)
            await BeginAsync(a, "slow");
        for (int i = 0; i < 500 && server.Engine.Requests.Count < 3; i++)
            await Task.Delay(20, Cancelled);
        Assert.Equal("completed", (await BatchCalls.EndAsync(b, await BeginAsync(b, "quick"))).Text("status"));
        Assert.Equal(4, server.Engine.Requests.Count);
    }

    [Fact]
    public async Task A_key_s_rates_do_not_hold_for_its_batches_and_its_tokens_count()
    {
        string keys = _folder.Write("keys.json", """{"keys": [{"name": "alice", "key": "sk-alice", "requests_per_minute": 100, "tokens_per_minute": 100, "max_concurrent": 1}]}""");
        await using ServerUnderTest server = Server(Script.Saying("Blue."), ("Server:ApiKeyFile", keys), ("Server:OpenMetrics", "true"));
        using HttpClient client = await server.ReadyClientAsync();
        client.DefaultRequestHeaders.Authorization = new("Bearer", "sk-alice");
        JsonElement done = await BatchCalls.EndAsync(client, await BeginAsync(client, [.. Enumerable.Range(0, 50).Select(i => $"{i}")]));
        Assert.Equal((50, 50, 0), done.Counts());
        string metrics = await client.GetStringAsync("/metrics", Cancelled);
        string line = metrics.Split('\n').Single(l => l.StartsWith("gemma4_key_tokens_total{key=\"alice\",type=\"input\"}", StringComparison.Ordinal));
        Assert.True(double.Parse(line.Split(' ')[1], null) >= 500, line);
        Assert.Contains("gemma4_batch_lines_total{outcome=\"completed\"} 50", metrics, StringComparison.Ordinal);
        Assert.DoesNotContain("gen_ai_server_time_to_first_token_seconds_count", metrics, StringComparison.Ordinal); // of those whom somebody waits for
        using HttpResponseMessage ordinary = await ServerUnderTest.PostAsync(client, "/v1/chat/completions", """{"model":"gemma-4-demo","max_tokens":5,"messages":[{"role":"user","content":"Hi"}]}""");
        Assert.True(ordinary.IsSuccessStatusCode, await ordinary.Content.ReadAsStringAsync(Cancelled));
    }

    [Fact]
    public async Task Nobody_can_say_over_the_network_that_a_request_is_a_batchs()
    {
        await using ServerUnderTest server = Server(Script.Saying("Blue."), ("Server:ApiKeys:0", "sk-a"));
        using HttpClient client = await server.ReadyClientAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent("{}") };
        request.Headers.TryAddWithoutValidation("BatchSender", "");
        using HttpResponseMessage answer = await client.SendAsync(request, Cancelled);
        Assert.Equal(401, (int)answer.StatusCode);
    }

    [Fact]
    public async Task A_caller_has_only_so_many_batches_that_are_not_done()
    {
        await using ServerUnderTest server = Server(Script.Endless("x"));
        using HttpClient client = await server.ReadyClientAsync();
        string file = await BatchCalls.SendFileAsync(client, BatchCalls.ChatLine("a"));
        for (int i = 0; i < 100; i++)
        {
            using HttpResponseMessage taken = await BatchCalls.CreateAsync(client, file);
            Assert.True(taken.IsSuccessStatusCode);
        }
        using HttpResponseMessage refused = await BatchCalls.CreateAsync(client, file);
        Assert.Equal(429, (int)refused.StatusCode);
    }

    [Fact]
    public async Task A_batch_waits_for_a_database_that_fails_and_answers_each_line_once()
    {
        FaultyDatabase? database = null;
        var gate = new TaskCompletionSource();
        await using var server = new ServerUnderTest(Script.Gated("x", (_, _) => gate.Task), ("Storage:LeaseSeconds", "2"))
        {
            Time = _time,
            TakesItsAnswers = false,
            Database = health => database = new FaultyDatabase(health),
        };
        using HttpClient client = await server.ReadyClientAsync();
        string id = await BeginAsync(client, [.. Enumerable.Range(0, 100).Select(i => $"{i}")]);
        for (int i = 0; i < 500 && server.Engine.Requests.Count < 64; i++)
            await Task.Delay(20, Cancelled);
        database!.Fault = new IOException("full");
        gate.SetResult();
        await LoggedAsync(server, "cannot go on now");
        database.Fault = null;
        await LoggedAsync(server, "The database answers again");
        JsonElement done = await BatchCalls.EndAsync(client, id);
        Assert.Equal(("completed", (100, 100, 0)), (done.Text("status"), done.Counts()));
        Assert.Equal(Enumerable.Range(0, 100).Select(i => $"{i}").Order(), (await IdsAsync(client, done, "output_file_id")).Order());
    }

    private ServerUnderTest Server(FakeEngine engine, params (string Key, string Value)[] settings) =>
        new(engine, [.. settings, ("Storage:LeaseSeconds", "3")]) { Time = _time, TakesItsAnswers = false };

    /// <summary>Answers at once but for prompts with this word, which it never ends.</summary>
    private static FakeEngine Stubborn(string word) => new((request, cancelled) =>
        ServerUnderTest.Tokenizer.Decode(request.PromptTokenIds.AsSpan()).Contains(word, StringComparison.Ordinal) ? Never(cancelled) : Script.Play(request, "x"));

    private static async IAsyncEnumerable<TokenEvent> Fault()
    {
        await Task.Yield();
        yield return new TokenEvent { SequenceIndex = 0, FinishReason = FinishReason.Error, Error = "a step failed" };
    }

    private static async IAsyncEnumerable<TokenEvent> Never([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancelled)
    {
        await Task.Delay(Timeout.Infinite, cancelled);
        yield break;
    }

    private static async Task<string> BeginAsync(HttpClient client, params string[] questions) =>
        (await BatchCalls.BeginAsync(client, questions.Select(question => BatchCalls.ChatLine(question, question: question)))).Text("id");

    private static async Task<string[]> IdsAsync(HttpClient client, JsonElement batch, string file) =>
        [.. (await BatchCalls.AnswersAsync(client, batch, file)).Select(line => line.Text("custom_id"))];

    private static async Task LoggedAsync(ServerUnderTest server, string words)
    {
        for (int i = 0; i < 1500 && !server.Log.Events.Any(e => e.MessageTemplate.Text.Contains(words, StringComparison.Ordinal)); i++)
            await Task.Delay(20, Cancelled);
        Assert.Contains(server.Log.Events, e => e.MessageTemplate.Text.Contains(words, StringComparison.Ordinal));
    }

    private static async Task<long> NumberAsync(ServerUnderTest server, string sql) =>
        await server.Services.GetRequiredService<Database>().ReadAsync(async session => await session.NumberAsync(sql) ?? -1, Cancelled);
}
