using System.Diagnostics;

namespace Gemma4.LoadTest;

/// <summary>Runs one number of clients to its end.</summary>
internal static class LoadRun
{
    /// <summary>Each client sends its requests one after the other; with a rate, arrivals do not wait for answers.</summary>
    public static async Task<LoadReport> RunAsync(LoadOptions options, StreamingClient client, int clients, CancellationToken cancellationToken)
    {
        int total = clients * options.RequestsPerClient;
        LoadRequest[] requests = [.. Enumerable.Range(0, total).Select(i => Workload.Create(options, i))];
        var results = new RequestResult[total];
        long start = Stopwatch.GetTimestamp();
        if (options.Rate > 0)
        {
            var gaps = new Random(options.Seed);
            var running = new List<Task>();
            for (int i = 0; i < total; i++)
            {
                int index = i;
                running.Add(Task.Run(async () => results[index] = await client.SendAsync(requests[index], cancellationToken), cancellationToken));
                await Task.Delay(TimeSpan.FromSeconds(-Math.Log(1 - gaps.NextDouble()) / options.Rate), cancellationToken);
            }
            await Task.WhenAll(running);
        }
        else
        {
            await Task.WhenAll(Enumerable.Range(0, clients).Select(async c =>
            {
                for (int r = 0; r < options.RequestsPerClient; r++)
                    results[r * clients + c] = await client.SendAsync(requests[r * clients + c], cancellationToken);
            }));
        }
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        int altered = options.Check ? await CountAlteredAsync(client, requests, results, cancellationToken) : 0;
        return LoadReport.From(clients, elapsed, results, options.Check ? altered : null);
    }

    /// <summary>Sends each prompt again, alone, and counts answers that differ.</summary>
    private static async Task<int> CountAlteredAsync(
        StreamingClient client, LoadRequest[] requests, RequestResult[] results, CancellationToken cancellationToken)
    {
        var alone = new Dictionary<LoadRequest, RequestResult>();
        int altered = 0;
        for (int i = 0; i < requests.Length; i++)
        {
            if (results[i].Error is not null)
                continue;
            if (!alone.TryGetValue(requests[i], out RequestResult? expected))
                alone[requests[i]] = expected = await client.SendAsync(requests[i], cancellationToken);
            if (expected.Text == results[i].Text)
                continue;
            altered++;
            await Console.Error.WriteLineAsync($"altered: '{results[i].Text}' under load, '{expected.Text}' alone");
        }
        return altered;
    }
}
