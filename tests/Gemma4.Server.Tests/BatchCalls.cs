using System.Text;
using System.Text.Json;
using Xunit;

namespace Gemma4.Server.Tests;

/// <summary>What tests ask of <c>/v1/batches</c>.</summary>
internal static class BatchCalls
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>A line of a chat.</summary>
    public static string ChatLine(string id, string fields = "", string question = "Hi") => Line(
        id, "/v1/chat/completions", "{\"model\":\"gemma-4-demo\"," + fields + "\"messages\":[{\"role\":\"user\",\"content\":\"" + question + "\"}]}");

    /// <summary>A line.</summary>
    public static string Line(string id, string url, string body) => $$"""{"custom_id":"{{id}}","method":"POST","url":"{{url}}","body":{{body}}}""";

    /// <summary>Sends a file.</summary>
    /// <returns>Its id.</returns>
    public static async Task<string> SendFileAsync(HttpClient client, string content, string purpose = "batch")
    {
        using var form = new MultipartFormDataContent
        {
            { new StringContent(purpose), "purpose" },
            { new ByteArrayContent(Encoding.UTF8.GetBytes(content)), "file", "in.jsonl" },
        };
        using HttpResponseMessage answer = await client.PostAsync("/v1/files", form, Cancelled);
        return (await JsonAsync(answer)).Text("id");
    }

    /// <summary>Sends lines and begins a batch of them.</summary>
    public static async Task<JsonElement> BeginAsync(HttpClient client, IEnumerable<string> lines, string endpoint = "/v1/chat/completions", string fields = "")
    {
        string file = await SendFileAsync(client, string.Join('\n', lines));
        using HttpResponseMessage answer = await CreateAsync(client, file, endpoint, fields);
        return await JsonAsync(answer);
    }

    /// <summary>Asks for a batch.</summary>
    public static Task<HttpResponseMessage> CreateAsync(HttpClient client, string file, string endpoint = "/v1/chat/completions", string fields = "") =>
        ServerUnderTest.PostAsync(client, "/v1/batches", "{\"input_file_id\":\"" + file + "\",\"endpoint\":\"" + endpoint + "\",\"completion_window\":\"24h\"" + fields + "}");

    /// <summary>How a batch stands.</summary>
    public static async Task<JsonElement> GetAsync(HttpClient client, string id) => JsonElement.Parse(await client.GetStringAsync($"/v1/batches/{id}", Cancelled));

    /// <summary>Waits until a batch is as the test wants it.</summary>
    public static async Task<JsonElement> WaitAsync(HttpClient client, string id, Func<JsonElement, bool> isSo)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        enough.CancelAfter(Limit);
        JsonElement batch = await GetAsync(client, id);
        while (!isSo(batch))
        {
            Assert.False(enough.IsCancellationRequested, batch.GetRawText());
            await Task.Delay(30, Cancelled);
            batch = await GetAsync(client, id);
        }
        return batch;
    }

    /// <summary>Waits for a batch's end.</summary>
    public static Task<JsonElement> EndAsync(HttpClient client, string id) =>
        WaitAsync(client, id, batch => batch.Text("status") is "completed" or "failed" or "expired" or "cancelled");

    /// <summary>Cancels a batch.</summary>
    public static Task<HttpResponseMessage> CancelAsync(HttpClient client, string id) => client.PostAsync($"/v1/batches/{id}/cancel", null, Cancelled);

    /// <summary>The lines of a file that a batch has made, in order; none where it has made none.</summary>
    public static async Task<JsonElement[]> AnswersAsync(HttpClient client, JsonElement batch, string name)
    {
        if (!batch.TryGetProperty(name, out JsonElement id))
            return [];
        string content = await client.GetStringAsync($"/v1/files/{id.GetString()}/content", Cancelled);
        return [.. content.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line))];
    }

    /// <summary>The answer's JSON; it must be good.</summary>
    public static async Task<JsonElement> JsonAsync(HttpResponseMessage answer)
    {
        JsonElement json = await ServerUnderTest.JsonAsync(answer);
        Assert.True(answer.IsSuccessStatusCode, json.GetRawText());
        return json;
    }

    /// <summary>A field that is a text.</summary>
    public static string Text(this JsonElement json, string name) => json.GetProperty(name).GetString()!;

    /// <summary>Total, completed and failed.</summary>
    public static (int Total, int Completed, int Failed) Counts(this JsonElement batch)
    {
        JsonElement counts = batch.GetProperty("request_counts");
        return (counts.GetProperty("total").GetInt32(), counts.GetProperty("completed").GetInt32(), counts.GetProperty("failed").GetInt32());
    }
}
