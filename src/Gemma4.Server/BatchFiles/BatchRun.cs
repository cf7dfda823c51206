using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Gemma4.Server.BatchFiles;

/// <summary>Sends the requests of a file to a server, many at once, and writes down the answers.</summary>
/// <param name="server">A client of it, without a time limit.</param>
/// <param name="input">The requests.</param>
/// <param name="output">The answers.</param>
/// <param name="progress">Is told of each answer.</param>
internal sealed class BatchRun(HttpClient server, BatchInput input, BatchOutput output, BatchProgress progress)
{
    /// <summary>A server that fails so often at one request fails at it always.</summary>
    private const int MaxFailures = 3;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Sends what is not answered yet.</summary>
    /// <param name="atOnce">Requests that are on their way at a time.</param>
    /// <param name="cancellationToken">Ends it; what is answered by then stays.</param>
    public Task RunAsync(int atOnce, CancellationToken cancellationToken)
    {
        // Neighbours in this order share the most of their prompts.
        BatchLine[] left = [.. input.Lines.Where(line => !output.Answered.Contains(line.CustomId)).OrderBy(line => line.Url, StringComparer.Ordinal).ThenBy(line => line.Order, StringComparer.Ordinal)];
        return Parallel.ForEachAsync(left, new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = cancellationToken }, async (line, ended) => await AnswerAsync(line, ended));
    }

    private async Task AnswerAsync(BatchLine line, CancellationToken cancellationToken)
    {
        byte[] body = await input.BodyAsync(line, cancellationToken);
        for (int failures = 0; ;)
        {
            using var content = new ByteArrayContent(body);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using HttpResponseMessage answer = await server.PostAsync(line.Url, content, cancellationToken);
            byte[] bytes = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
            // No room now is no answer, and a fault may pass.
            bool isFull = answer.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable;
            if (isFull || ((int)answer.StatusCode >= 500 && ++failures < MaxFailures))
            {
                await Task.Delay(answer.Headers.RetryAfter?.Delta ?? Pause, cancellationToken);
                continue;
            }
            using JsonDocument json = JsonDocument.Parse(bytes);
            string? requestId = answer.Headers.TryGetValues("x-request-id", out IEnumerable<string>? ids) ? ids.First() : null;
            await output.AddAsync(line.CustomId, (int)answer.StatusCode, requestId, json.RootElement, cancellationToken);
            progress.Add(answer.IsSuccessStatusCode, Tokens(json.RootElement));
            return;
        }
    }

    private static long Tokens(JsonElement body)
    {
        if (!body.TryGetProperty("usage", out JsonElement usage) || usage.ValueKind != JsonValueKind.Object)
            return 0;
        foreach (string name in (string[])["completion_tokens", "output_tokens"])
        {
            if (usage.TryGetProperty(name, out JsonElement count) && count.TryGetInt64(out long tokens))
                return tokens;
        }
        return 0;
    }
}
