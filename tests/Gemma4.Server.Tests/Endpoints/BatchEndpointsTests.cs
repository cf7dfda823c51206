using System.Net;
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

    private async Task<string> DataAsync(string kind) => kind switch
    {
        "memory" => "memory",
        "sqlite" => _folder["data"],
        _ => await postgres.DatabaseAsync(),
    };

    private static async Task<long> NumberAsync(ServerUnderTest server, string sql)
    {
        // The answers go after the batch is told to be done.
        for (int i = 0; i < 100 && await server.Services.GetRequiredService<Database>().ReadAsync(async session => await session.NumberAsync("SELECT COUNT(*) FROM jobs"), Cancelled) > 0; i++)
            await Task.Delay(20, Cancelled);
        return await server.Services.GetRequiredService<Database>().ReadAsync(async session => await session.NumberAsync(sql) ?? -1, Cancelled);
    }
}
