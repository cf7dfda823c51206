using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Gemma4.LoadTest;

/// <summary>What a batch costs an interactive client, and how fast one is that has the server to itself.</summary>
internal static class BatchRun
{
    private const int Rounds = 3, Clients = 64, LinesPerPrefix = 40;

    private static readonly TimeSpan Phase = TimeSpan.FromSeconds(20);

    /// <summary>The server holds batches back for a minute behind requests that are of none.</summary>
    private static readonly TimeSpan Caution = TimeSpan.FromSeconds(65);

    public static async Task<bool> RunAsync(LoadOptions options, StreamingClient client, TextWriter output, CancellationToken cancellationToken)
    {
        var batches = new BatchClient(client);
        if (options.SharedWords == 0)
            await BesideAsync(options, client, batches, output, cancellationToken);
        await output.WriteLineAsync("round    batch tok/s  found in caches    64 clients tok/s  found in caches    ratio");
        for (int round = 0; round < Rounds; round++)
        {
            JsonObject[] bodies = [.. Lines(options, client, round)];
            await Task.Delay(Caution, cancellationToken);
            Speed batch = await BatchAsync(batches, Salted(bodies, $"batch-{round}"), cancellationToken);
            Speed clients = await ClientsAsync(client, Salted(bodies, $"clients-{round}"), cancellationToken);
            await output.WriteLineAsync(
                $"{round,5}    {batch.TokensPerSecond,11:F1}  {batch.Cached,15:P0}    {clients.TokensPerSecond,16:F1}  {clients.Cached,15:P0}    {batch.TokensPerSecond / clients.TokensPerSecond,5:F2}");
        }
        return true;
    }

    /// <summary>One client that asks again after a short thought, alone and beside a batch in turn.</summary>
    private static async Task BesideAsync(LoadOptions options, StreamingClient client, BatchClient batches, TextWriter output, CancellationToken cancellationToken)
    {
        await output.WriteLineAsync("thought      beside   answers   first token p50/p95/p99 ms   between deltas p50/p95/p99 ms   lines of the batch");
        foreach (TimeSpan thought in (TimeSpan[])[TimeSpan.Zero, TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(2)])
        {
            List<RequestResult> alone = [], beside = [];
            int lines = 0;
            for (int round = 0; round < Rounds; round++)
            {
                alone.AddRange(await AskAsync(options, client, thought, (2 * round) + 1, cancellationToken));
                string id = await batches.BeginAsync(Salted(Lines(options, client, 100 + round), $"beside-{thought}-{round}"), cancellationToken);
                await batches.WaitAsync(id, "in_progress", cancellationToken);
                beside.AddRange(await AskAsync(options, client, thought, (2 * round) + 2, cancellationToken));
                lines += await batches.CancelAsync(id, cancellationToken);
            }
            (Percentiles First, Percentiles Gaps) a = Show("nothing", alone, 0), b = Show("batch", beside, lines);
            await output.WriteLineAsync($"{"",7}   p99 beside against alone: first token {b.First.P99 / a.First.P99:F2}, between deltas {b.Gaps.P99 / a.Gaps.P99:F2}");

            (Percentiles, Percentiles) Show(string name, List<RequestResult> results, int answered)
            {
                if (results.Find(r => r.Error is not null) is { } failed)
                    throw new InvalidOperationException(failed.Error);
                Percentiles first = Percentiles.Of(results.Select(r => r.FirstToken)), gaps = Percentiles.Of(results.SelectMany(r => r.Gaps));
                output.WriteLine(
                    $"{thought.TotalSeconds,5:F1} s  {name,10}   {results.Count,7}   {first.P50,8:F1} {first.P95,8:F1} {first.P99,8:F1}   {gaps.P50,10:F2} {gaps.P95,8:F2} {gaps.P99,8:F2}   {answered,18}");
                return (first, gaps);
            }
        }
    }

    private static async Task<List<RequestResult>> AskAsync(LoadOptions options, StreamingClient client, TimeSpan thought, int phase, CancellationToken cancellationToken)
    {
        var results = new List<RequestResult>();
        long start = Stopwatch.GetTimestamp();
        for (int i = phase * 100_000; Stopwatch.GetElapsedTime(start) < Phase; i++)
        {
            results.Add(await client.SendAsync(Workload.Create(options, i), cancellationToken));
            await Task.Delay(thought, cancellationToken);
        }
        // The first met a batch that had the server to itself, or a server that rested: it is not of this client's pace.
        results.RemoveAt(0);
        return results;
    }

    private static async Task<Speed> BatchAsync(BatchClient batches, IEnumerable<JsonObject> bodies, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        string id = await batches.BeginAsync(bodies, cancellationToken);
        JsonNode batch = await batches.WaitAsync(id, "completed", cancellationToken);
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        return Speed.Of(await batches.AnswersAsync(batch, cancellationToken), elapsed);
    }

    private static async Task<Speed> ClientsAsync(StreamingClient client, IEnumerable<JsonObject> bodies, CancellationToken cancellationToken)
    {
        JsonObject[] all = [.. bodies];
        var answers = new JsonNode[all.Length];
        long start = Stopwatch.GetTimestamp();
        await Parallel.ForAsync(0, all.Length, new ParallelOptions { MaxDegreeOfParallelism = Clients, CancellationToken = cancellationToken }, async (i, ended) =>
        {
            using HttpResponseMessage response = await client.PostAsync("/v1/chat/completions", all[i], ended);
            answers[i] = JsonNode.Parse(await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync(ended))!;
        });
        return Speed.Of(answers, Stopwatch.GetElapsedTime(start));
    }

    /// <summary>Lines in an order of chance; where they share words, those of one beginning are scattered.</summary>
    private static IEnumerable<JsonObject> Lines(LoadOptions options, StreamingClient client, int round)
    {
        LoadRequest[] lines = [.. Enumerable.Range(0, options.BatchLines).Select(i =>
        {
            LoadRequest line = Workload.Create(options, 1_000_000 + (round * options.BatchLines) + i);
            return options.SharedWords == 0 ? line : line with { Prompt = $"{Workload.Text(Workload.Mix(round, i / LinesPerPrefix), options.SharedWords)} {line.Prompt}" };
        })];
        new Random(options.Seed + round).Shuffle(lines);
        return lines.Select(client.Body);
    }

    /// <summary>The same requests, which find nothing in caches that others left.</summary>
    private static IEnumerable<JsonObject> Salted(IEnumerable<JsonObject> bodies, string salt) => bodies.Select(body =>
    {
        var salted = (JsonObject)body.DeepClone();
        salted["cache_salt"] = salt;
        return salted;
    });

    private readonly record struct Speed(double TokensPerSecond, double Cached)
    {
        public static Speed Of(IReadOnlyList<JsonNode> answers, TimeSpan elapsed) => new(
            answers.Sum(a => (int)a["usage"]!["completion_tokens"]!) / elapsed.TotalSeconds,
            answers.Sum(a => (int?)a["usage"]!["prompt_tokens_details"]?["cached_tokens"] ?? 0) / (double)answers.Sum(a => (int)a["usage"]!["prompt_tokens"]!));
    }
}
