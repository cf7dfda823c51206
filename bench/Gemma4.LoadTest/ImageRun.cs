using System.Diagnostics;

namespace Gemma4.LoadTest;

/// <summary>How long images take, and what they cost those who only want text.</summary>
internal static class ImageRun
{
    private const int Rounds = 3;
    private const int DefaultBudget = 280;
    private static readonly TimeSpan Phase = TimeSpan.FromSeconds(10);

    /// <summary>Time to the first token of one image, of two, and of one that was seen before; medians.</summary>
    public static async Task<bool> FirstTokensAsync(LoadOptions options, StreamingClient client, TextWriter output, CancellationToken cancellationToken)
    {
        int seed = Workload.Mix(options.Seed, 0) & 0xFFFFFF;
        await output.WriteLineAsync("budget  one image ms  two images ms  seen before ms");
        foreach (int budget in options.ImageBudgets)
        {
            List<TimeSpan> one = [], two = [], again = [];
            for (int round = 0; round < Rounds; round++)
            {
                LoadImage image = TestImage.Create(seed++, budget);
                LoadImage[] pair = [TestImage.Create(seed++, budget), TestImage.Create(seed++, budget)];
                (List<TimeSpan>, LoadImage[])[] turns = [(one, [image]), (two, pair), (again, [image])];
                foreach ((List<TimeSpan> times, LoadImage[] images) in turns)
                {
                    RequestResult result = await client.SendAsync(new LoadRequest("What do you see?", 1) { Images = images }, cancellationToken);
                    if (result.Error is not null)
                    {
                        await output.WriteLineAsync($"failed: {result.Error}");
                        return false;
                    }
                    times.Add(result.FirstToken);
                }
            }
            await output.WriteLineAsync($"{budget,6}  {Percentiles.Of(one).P50,14:F0}  {Percentiles.Of(two).P50,15:F0}  {Percentiles.Of(again).P50,14:F0}");
        }
        return true;
    }

    /// <summary>Text of some clients, in turn alone and while others send images: the next batch as soon as one is answered.</summary>
    public static async Task<bool> BesideTextAsync(LoadOptions options, StreamingClient client, TextWriter output, CancellationToken cancellationToken)
    {
        int seed = Workload.Mix(options.Seed, 1) & 0xFFFFFF;
        LoadImage? large = options.LargeImage ? TestImage.Large(DefaultBudget) : null;
        bool good = true;
        await output.WriteLineAsync("round  images   answered   between deltas p50/p95/p99 ms   first token of text p50/p99 ms   of images p50 ms");
        for (int round = 0; round < Rounds; round++)
        {
            foreach (int images in new[] { 0, options.Images })
            {
                using var phase = new CancellationTokenSource();
                Task<List<RequestResult>>[] readers =
                    [.. Enumerable.Range(0, options.Clients[0]).Select(c => ReadAsync(options, client, (round * 1000) + c, phase.Token, cancellationToken))];
                List<RequestResult> seen = await LookAsync(client, images, seed, large, cancellationToken);
                seed += seen.Count;
                await phase.CancelAsync();
                RequestResult[] read = [.. (await Task.WhenAll(readers)).SelectMany(r => r)];
                good &= read.Concat(seen).All(r => r.Error is null);
                Percentiles gaps = Percentiles.Of(read.SelectMany(r => r.Gaps)), first = Percentiles.Of(read.Select(r => r.FirstToken));
                await output.WriteLineAsync(
                    $"{round,5}  {images,8}  {read.Length + seen.Count,9}   {gaps.P50,8:F1} {gaps.P95,8:F1} {gaps.P99,8:F1}            "
                    + $"{first.P50,8:F1} {first.P99,8:F1}               {(images > 0 ? Percentiles.Of(seen.Select(r => r.FirstToken)).P50 : 0),8:F0}");
            }
        }
        return good;
    }

    private static async Task<List<RequestResult>> ReadAsync(
        LoadOptions options, StreamingClient client, int index, CancellationToken phase, CancellationToken cancellationToken)
    {
        var results = new List<RequestResult>();
        for (int i = index * 100; !phase.IsCancellationRequested; i++)
            results.Add(await client.SendAsync(Workload.Create(options, i), cancellationToken));
        return results;
    }

    private static async Task<List<RequestResult>> LookAsync(
        StreamingClient client, int images, int seed, LoadImage? large, CancellationToken cancellationToken)
    {
        var results = new List<RequestResult>();
        if (images == 0)
        {
            await Task.Delay(Phase, cancellationToken);
            return results;
        }
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < Phase)
        {
            LoadRequest[] requests = [.. Enumerable.Range(0, images).Select(
                i => new LoadRequest("What do you see?", 4) { Images = [large ?? TestImage.Create(seed + results.Count + i, DefaultBudget)] })];
            results.AddRange(await Task.WhenAll(requests.Select(r => client.SendAsync(r, cancellationToken))));
        }
        return results;
    }
}
