using System.Text.Json;
using Gemma4.Server.Storage.Databases;
using Gemma4.Server.Tests.Storage;
using Gemma4.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Gemma4.Server.Tests.Endpoints;

public sealed class BatchEndpointsTests(PostgresServer postgres) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("memory")]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task Every_line_is_answered_once_and_good_and_bad_ones_stand_in_files_of_their_own(string kind)
    {
        await using var server = new ServerUnderTest(Script.Saying("Blue."), ("Storage:Data", await DataAsync(kind))) { TakesItsAnswers = false };
        using HttpClient client = await server.ReadyClientAsync();
        JsonElement begun = await BatchCalls.BeginAsync(
            client,
            [BatchCalls.ChatLine("a"), "", BatchCalls.ChatLine("b", "\"temperature\":9,"), BatchCalls.ChatLine("c \\u00e9"), BatchCalls.Line("d", "/v1/chat/completions", "{\"model\":\"other\",\"messages\":[]}")],
            fields: ",\"metadata\":{\"job\":\"nightly\"},\"output_expires_after\":{\"anchor\":\"created_at\",\"seconds\":3600}");
        Assert.Matches("^batch_[a-zA-Z0-9]{24}$", begun.Text("id"));
        Assert.Equal(("batch", "validating", "/v1/chat/completions", "24h"), (begun.Text("object"), begun.Text("status"), begun.Text("endpoint"), begun.Text("completion_window")));
        Assert.Equal(86_400, begun.GetProperty("expires_at").GetInt64() - begun.GetProperty("created_at").GetInt64());
        JsonElement done = await BatchCalls.EndAsync(client, begun.Text("id"));
        Assert.Equal(("completed", "nightly"), (done.Text("status"), done.GetProperty("metadata").Text("job")));
        Assert.Equal((4, 2, 2), done.Counts());
        long[] times = [.. new[] { "created_at", "in_progress_at", "finalizing_at", "completed_at" }.Select(name => done.GetProperty(name).GetInt64())];
        Assert.Equal(times.Order(), times);
        JsonElement[] good = await BatchCalls.AnswersAsync(client, done, "output_file_id"), bad = await BatchCalls.AnswersAsync(client, done, "error_file_id");
        Assert.Equal(["a", "c é"], good.Select(line => line.Text("custom_id")));
        Assert.Equal(["b", "d"], bad.Select(line => line.Text("custom_id")));
        foreach (JsonElement line in good)
        {
            Assert.StartsWith("batch_req_", line.Text("id"), StringComparison.Ordinal);
            Assert.Equal(JsonValueKind.Null, line.GetProperty("error").ValueKind);
            JsonElement response = line.GetProperty("response");
            Assert.Equal(200, response.GetProperty("status_code").GetInt32());
            Assert.StartsWith("req_", response.Text("request_id"), StringComparison.Ordinal);
            Assert.Equal("Blue.", response.GetProperty("body").GetProperty("choices")[0].GetProperty("message").Text("content"));
        }
        Assert.Equal([400, 404], bad.Select(line => line.GetProperty("response").GetProperty("status_code").GetInt32()));
        Assert.Equal("temperature", bad[0].GetProperty("response").GetProperty("body").GetProperty("error").Text("param"));
        JsonElement file = JsonElement.Parse(await client.GetStringAsync($"/v1/files/{done.Text("output_file_id")}", Cancelled));
        Assert.Equal(("batch_output", $"{done.Text("id")}_output.jsonl", 3600L), (file.Text("purpose"), file.Text("filename"), file.GetProperty("expires_at").GetInt64() - file.GetProperty("created_at").GetInt64()));
        Assert.All(server.Engine.Requests, request => Assert.True(request.IsBatch));
        Assert.Equal((0, 0), (await NumberAsync(server, "SELECT COUNT(*) FROM items"), await NumberAsync(server, "SELECT COUNT(*) FROM jobs")));
    }

    [Theory]
    [InlineData("/v1/completions", """{"model":"gemma-4-demo","prompt":"Once"}""", "text")]
    [InlineData("/v1/responses", """{"model":"gemma-4-demo","input":"Hi"}""", "completed")]
    public async Task Lines_of_other_endpoints_are_answered_as_their_requests_are(string endpoint, string body, string expected)
    {
        await using var server = new ServerUnderTest(Script.Saying("Blue."));
        using HttpClient client = await server.ReadyClientAsync();
        JsonElement begun = await BatchCalls.BeginAsync(client, [BatchCalls.Line("a", endpoint, body)], endpoint);
        JsonElement done = await BatchCalls.EndAsync(client, begun.Text("id"));
        string answer = Assert.Single(await BatchCalls.AnswersAsync(client, done, "output_file_id")).GetProperty("response").GetProperty("body").GetRawText();
        Assert.Contains(expected, answer, StringComparison.Ordinal);
        Assert.Contains("Blue.", answer, StringComparison.Ordinal);
        Assert.False(done.TryGetProperty("error_file_id", out _));
    }

    [Theory]
    [InlineData("", "empty_file", null)]
    [InlineData("\n \n", "empty_file", null)]
    [InlineData("GOOD\n{", "invalid_json_line", 2)]
    [InlineData("GOOD\nGOOD", "duplicate_custom_id", 2)]
    [InlineData("GOOD\n\n[]", "invalid_json_line", 3)]
    [InlineData("""{"method":"POST","url":"/v1/chat/completions","body":{}}""", "missing_required_parameter", 1)]
    [InlineData("""{"custom_id":"","method":"POST","url":"/v1/chat/completions","body":{}}""", "invalid_custom_id", 1)]
    [InlineData("""{"custom_id":"a","method":"GET","url":"/v1/chat/completions","body":{}}""", "invalid_method", 1)]
    [InlineData("""{"custom_id":"a","method":"POST","url":"/v1/files","body":{}}""", "invalid_url", 1)]
    [InlineData("""{"custom_id":"a","method":"POST","url":"/v1/responses","body":{}}""", "mismatched_url", 1)]
    [InlineData("""{"custom_id":"a","method":"POST","url":"/v1/chat/completions"}""", "missing_required_parameter", 1)]
    [InlineData("""{"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":{"stream":true}}""", "unsupported_parameter", 1)]
    [InlineData("""{"custom_id":"\ud800","method":"POST","url":"/v1/chat/completions","body":{}}""", "invalid_json_line", 1)]
    public async Task A_file_with_a_wrong_line_fails_before_anything_is_answered(string content, string code, int? line)
    {
        await using var server = new ServerUnderTest(Script.Saying("Blue."));
        using HttpClient client = await server.ReadyClientAsync();
        JsonElement begun = await BatchCalls.BeginAsync(client, [content.Replace("GOOD", BatchCalls.ChatLine("a"), StringComparison.Ordinal)]);
        JsonElement done = await BatchCalls.EndAsync(client, begun.Text("id"));
        Assert.Equal("failed", done.Text("status"));
        Assert.True(done.TryGetProperty("failed_at", out _));
        JsonElement fault = done.GetProperty("errors").GetProperty("data")[0];
        Assert.Equal((code, line), (fault.Text("code"), fault.TryGetProperty("line", out JsonElement number) ? number.GetInt32() : null));
        Assert.Empty(server.Engine.Requests);
        Assert.Equal(0, await NumberAsync(server, "SELECT COUNT(*) FROM jobs"));
    }

    [Fact]
    public async Task A_file_of_more_lines_than_may_be_fails()
    {
        await using var server = new ServerUnderTest(Script.Saying("Blue."));
        using HttpClient client = await server.ReadyClientAsync();
        JsonElement begun = await BatchCalls.BeginAsync(client, Enumerable.Range(0, 50_001).Select(i => BatchCalls.ChatLine($"{i}")));
        JsonElement fault = (await BatchCalls.EndAsync(client, begun.Text("id"))).GetProperty("errors").GetProperty("data")[0];
        Assert.Equal(("too_many_tasks", 50_001), (fault.Text("code"), fault.GetProperty("line").GetInt32()));
    }

    [Fact]
    public async Task What_is_no_batch_is_refused()
    {
        await using var server = new ServerUnderTest(Script.Saying("Blue."));
        using HttpClient client = await server.ReadyClientAsync();
        string file = await BatchCalls.SendFileAsync(client, BatchCalls.ChatLine("a")), other = await BatchCalls.SendFileAsync(client, "x", "user_data");
        await RefusedAsync(BatchCalls.CreateAsync(client, "file-none"), 404, "id", null);
        await RefusedAsync(BatchCalls.CreateAsync(client, other), 400, "input_file_id", "invalid_file_purpose");
        await RefusedAsync(BatchCalls.CreateAsync(client, file, "/v1/embeddings"), 400, "endpoint", "invalid_value");
        await RefusedAsync(BatchCalls.CreateAsync(client, file, fields: ",\"output_expires_after\":{\"anchor\":\"created_at\",\"seconds\":1}"), 400, "output_expires_after.seconds", "integer_below_min_value");
        await RefusedAsync(
            BatchCalls.CreateAsync(client, file, fields: $",\"metadata\":{{{string.Join(',', Enumerable.Range(0, 17).Select(i => $"\"{i}\":\"\""))}}}"), 400, "metadata", "object_above_max_properties");
        await RefusedAsync(ServerUnderTest.PostAsync(client, "/v1/batches", $"{{\"input_file_id\":\"{file}\",\"endpoint\":\"/v1/responses\"}}"), 400, "completion_window", "missing_required_parameter");
        await RefusedAsync(client.GetAsync("/v1/batches/batch_none", Cancelled), 404, "batch_id", null);
        await RefusedAsync(BatchCalls.CancelAsync(client, "batch_none"), 404, "batch_id", null);
        await RefusedAsync(client.GetAsync("/v1/batches?limit=0", Cancelled), 400, "limit", "integer_below_min_value");
        JsonElement done = await BatchCalls.EndAsync(client, (await BatchCalls.BeginAsync(client, [BatchCalls.ChatLine("a")])).Text("id"));
        await RefusedAsync(BatchCalls.CancelAsync(client, done.Text("id")), 409, null, null);
    }

    [Fact]
    public async Task A_server_that_keeps_nothing_takes_none()
    {
        await using var server = new ServerUnderTest(Script.Saying("Blue."), ("Storage:MaxEntries", "0"));
        using HttpClient client = await server.ReadyClientAsync();
        string file = await BatchCalls.SendFileAsync(client, BatchCalls.ChatLine("a"));
        await RefusedAsync(BatchCalls.CreateAsync(client, file), 400, null, "unsupported_url");
    }

    [Fact]
    public async Task Batches_are_listed_page_by_page_and_are_their_callers_alone()
    {
        await using var server = new ServerUnderTest(Script.Saying("Blue."), ("Server:ApiKeys:0", "sk-a"), ("Server:ApiKeys:1", "sk-b"));
        using HttpClient a = await server.ReadyClientAsync(), b = await server.ReadyClientAsync();
        a.DefaultRequestHeaders.Authorization = new("Bearer", "sk-a");
        b.DefaultRequestHeaders.Authorization = new("Bearer", "sk-b");
        string file = await BatchCalls.SendFileAsync(a, BatchCalls.ChatLine("a"));
        var ids = new List<string>();
        for (int i = 0; i < 3; i++)
        {
            using HttpResponseMessage answer = await BatchCalls.CreateAsync(a, file);
            ids.Insert(0, (await BatchCalls.JsonAsync(answer)).Text("id"));
            Assert.Equal("completed", (await BatchCalls.EndAsync(a, ids[0])).Text("status"));
        }
        JsonElement page = JsonElement.Parse(await a.GetStringAsync("/v1/batches?limit=2", Cancelled));
        Assert.Equal((ids[0], ids[1], true), (page.Text("first_id"), page.Text("last_id"), page.GetProperty("has_more").GetBoolean()));
        page = JsonElement.Parse(await a.GetStringAsync($"/v1/batches?after={ids[1]}", Cancelled));
        Assert.Equal([ids[2]], page.GetProperty("data").EnumerateArray().Select(batch => batch.Text("id")));
        Assert.False(page.GetProperty("has_more").GetBoolean());

        Assert.Equal(0, JsonElement.Parse(await b.GetStringAsync("/v1/batches", Cancelled)).GetProperty("data").GetArrayLength());
        Assert.Equal(0, JsonElement.Parse(await b.GetStringAsync($"/v1/batches?after={ids[0]}", Cancelled)).GetProperty("data").GetArrayLength());
        await RefusedAsync(b.GetAsync($"/v1/batches/{ids[0]}", Cancelled), 404, "batch_id", null);
        await RefusedAsync(BatchCalls.CancelAsync(b, ids[0]), 404, "batch_id", null);
        await RefusedAsync(BatchCalls.CreateAsync(b, file), 404, "id", null);
        string output = (await BatchCalls.GetAsync(a, ids[0])).Text("output_file_id");
        await RefusedAsync(b.GetAsync($"/v1/files/{output}/content", Cancelled), 404, "id", null);
    }

    private async Task<string> DataAsync(string kind) => kind switch
    {
        "memory" => "memory",
        "sqlite" => _folder["data"],
        _ => await postgres.DatabaseAsync(),
    };

    private static async Task RefusedAsync(Task<HttpResponseMessage> asked, int status, string? param, string? code)
    {
        using HttpResponseMessage answer = await asked;
        JsonElement error = (await ServerUnderTest.JsonAsync(answer)).GetProperty("error");
        Assert.Equal((status, param, code), ((int)answer.StatusCode, error.GetProperty("param").GetString(), error.GetProperty("code").GetString()));
    }

    private static async Task<long> NumberAsync(ServerUnderTest server, string sql)
    {
        // The answers go after the batch is told to be done.
        for (int i = 0; i < 100 && await server.Services.GetRequiredService<Database>().ReadAsync(async session => await session.NumberAsync("SELECT COUNT(*) FROM jobs"), Cancelled) > 0; i++)
            await Task.Delay(20, Cancelled);
        return await server.Services.GetRequiredService<Database>().ReadAsync(async session => await session.NumberAsync(sql) ?? -1, Cancelled);
    }
}
