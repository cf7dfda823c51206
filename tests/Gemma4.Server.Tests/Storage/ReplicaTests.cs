using System.Text.Json;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Storage;

/// <summary>Two servers on one PostgreSQL.</summary>
public sealed class ReplicaTests(PostgresServer postgres)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_one_keeps_the_other_reads_goes_on_from_and_deletes()
    {
        string data = await postgres.DatabaseAsync();
        FakeEngine second = Script.Saying("Because.");
        await using ServerUnderTest a = Server(data, Script.Saying("Blue.")), b = Server(data, second);
        using HttpClient ofA = await a.ReadyClientAsync(), ofB = await b.ReadyClientAsync();
        string id = await PostAsync(ofA, """ "input":"What colour is the sky?" """);
        Assert.Equal(await ofA.GetStringAsync($"/v1/responses/{id}", Cancelled), await ofB.GetStringAsync($"/v1/responses/{id}", Cancelled));
        await PostAsync(ofB, $$""" "input":"Why?","previous_response_id":"{{id}}" """);
        Assert.Contains("model\nBlue.<turn|>", ServerUnderTest.Tokenizer.Decode(second.Requests.Last().PromptTokenIds.AsSpan()), StringComparison.Ordinal);
        using HttpResponseMessage deleted = await ofB.DeleteAsync($"/v1/responses/{id}", Cancelled);
        Assert.True(deleted.IsSuccessStatusCode);
        using HttpResponseMessage gone = await ofA.GetAsync($"/v1/responses/{id}", Cancelled);
        Assert.Equal(404, (int)gone.StatusCode);
    }

    [Fact]
    public async Task A_stream_is_taken_up_on_the_other_while_it_is_made_and_after()
    {
        string data = await postgres.DatabaseAsync();
        var go = new TaskCompletionSource();
        await using ServerUnderTest a = Server(data, Script.Gated("One two three.", (i, _) => i < 2 ? Task.CompletedTask : go.Task)), b = Server(data, Script.Saying("x"));
        using HttpClient ofA = await a.ReadyClientAsync(), ofB = await b.ReadyClientAsync();
        string id = await PostAsync(ofA, """ "input":"Count.","background":true """);
        using HttpResponseMessage stream = await ofB.GetAsync($"/v1/responses/{id}?stream=true", HttpCompletionOption.ResponseHeadersRead, Cancelled);
        using var reader = new StreamReader(await stream.Content.ReadAsStreamAsync(Cancelled));
        string begun = "";
        while (!begun.Contains("One", StringComparison.Ordinal))
            begun += await reader.ReadLineAsync(Cancelled) + "\n";
        go.SetResult();
        JsonElement[] seen = Sse.NamedFrames(begun + await reader.ReadToEndAsync(Cancelled));
        Assert.Equal("response.completed", seen[^1].GetProperty("type").GetString());
        Assert.Equal(Enumerable.Range(0, seen.Length), seen.Select(e => e.GetProperty("sequence_number").GetInt32()));
        JsonElement[] again = Sse.NamedFrames(await ofA.GetStringAsync($"/v1/responses/{id}?stream=true&starting_after=3", Cancelled));
        Assert.Equal(seen[4..].Select(e => e.GetRawText()), again.Select(e => e.GetRawText()));
    }

    [Fact]
    public async Task A_response_is_cancelled_through_the_other()
    {
        string data = await postgres.DatabaseAsync();
        FakeEngine engine = Script.Endless("Once upon");
        await using ServerUnderTest a = Server(data, engine), b = Server(data, Script.Saying("x"));
        using HttpClient ofA = await a.ReadyClientAsync(), ofB = await b.ReadyClientAsync();
        string id = await PostAsync(ofA, """ "input":"A story.","background":true """);
        using HttpResponseMessage answer = await ofB.PostAsync($"/v1/responses/{id}/cancel", null, Cancelled);
        Assert.Equal("cancelled", (await ServerUnderTest.JsonAsync(answer)).GetProperty("status").GetString());
        Assert.Equal(0, engine.NumRunning);
    }

    private static ServerUnderTest Server(string data, FakeEngine engine) => new(engine, ("Storage:Data", data)) { TakesItsAnswers = false };

    private static async Task<string> PostAsync(HttpClient client, string fields)
    {
        using HttpResponseMessage answer = await ServerUnderTest.PostAsync(client, "/v1/responses", "{\"model\":\"gemma-4-demo\"," + fields + "}");
        JsonElement json = await ServerUnderTest.JsonAsync(answer);
        Assert.True(answer.IsSuccessStatusCode, json.GetRawText());
        return json.GetProperty("id").GetString()!;
    }
}
