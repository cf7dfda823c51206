using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Gemma4.LoadTest;

/// <summary>Hands in files of requests and waits for their batches, as any client of OpenAI's API would.</summary>
internal sealed class BatchClient(StreamingClient client)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);

    /// <summary>Begins a batch.</summary>
    /// <returns>Its id.</returns>
    public async Task<string> BeginAsync(IEnumerable<JsonObject> bodies, CancellationToken cancellationToken)
    {
        var lines = new StringBuilder();
        int number = 0;
        foreach (JsonObject body in bodies)
        {
            lines.Append(new JsonObject { ["custom_id"] = $"line-{number++}", ["method"] = "POST", ["url"] = "/v1/chat/completions", ["body"] = body.DeepClone() }.ToJsonString()).Append('\n');
        }
        var file = new StringContent(lines.ToString(), Encoding.UTF8);
        file.Headers.ContentType = new MediaTypeHeaderValue("application/jsonl");
        using var form = new MultipartFormDataContent { { new StringContent("batch"), "purpose" }, { file, "file", "lines.jsonl" } };
        string fileId = (string)(await AskAsync(HttpMethod.Post, "/v1/files", form, cancellationToken))["id"]!;
        var request = new JsonObject { ["input_file_id"] = fileId, ["endpoint"] = "/v1/chat/completions", ["completion_window"] = "24h" };
        return (string)(await AskAsync(HttpMethod.Post, "/v1/batches", new StringContent(request.ToJsonString(), Encoding.UTF8, "application/json"), cancellationToken))["id"]!;
    }

    /// <summary>Waits until a batch is in a state.</summary>
    /// <returns>The batch.</returns>
    public async Task<JsonNode> WaitAsync(string id, string status, CancellationToken cancellationToken)
    {
        while (true)
        {
            JsonNode batch = await AskAsync(HttpMethod.Get, $"/v1/batches/{id}", null, cancellationToken);
            string now = (string)batch["status"]!;
            if (now == status)
                return batch;
            if (now is "failed" or "expired" or "cancelled" or "completed")
                throw new InvalidOperationException($"The batch is {now}: {batch.ToJsonString()}");
            await Task.Delay(Poll, cancellationToken);
        }
    }

    /// <summary>Ends a batch.</summary>
    /// <returns>How many of its lines were answered.</returns>
    public async Task<int> CancelAsync(string id, CancellationToken cancellationToken)
    {
        await AskAsync(HttpMethod.Post, $"/v1/batches/{id}/cancel", null, cancellationToken);
        return (int)(await WaitAsync(id, "cancelled", cancellationToken))["request_counts"]!["completed"]!;
    }

    /// <summary>The answers of a batch.</summary>
    public async Task<IReadOnlyList<JsonNode>> AnswersAsync(JsonNode batch, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await client.SendAsync(HttpMethod.Get, $"/v1/files/{(string)batch["output_file_id"]!}/content", null, cancellationToken);
        string text = await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync(cancellationToken);
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!["response"]!["body"]!)];
    }

    private async Task<JsonNode> AskAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await client.SendAsync(method, path, content, cancellationToken);
        string text = await response.Content.ReadAsStringAsync(cancellationToken);
        return response.IsSuccessStatusCode ? JsonNode.Parse(text)! : throw new HttpRequestException($"{path}: {(int)response.StatusCode}: {text}");
    }
}
