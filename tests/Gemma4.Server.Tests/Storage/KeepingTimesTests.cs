using System.Diagnostics;
using System.Globalization;
using Gemma4.Server.Storage;
using Xunit;

namespace Gemma4.Server.Tests.Storage;

/// <summary>What keeping a response costs its request: measured by hand, with <c>GEMMA4_STORAGE_TIMES=FILE</c>, which gets a line a database.</summary>
public sealed class KeepingTimesTests(PostgresServer postgres)
{
    [Theory]
    [InlineData("memory")]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task A_response_is_kept_in_little_time(string database)
    {
        string? file = Environment.GetEnvironmentVariable("GEMMA4_STORAGE_TIMES");
        Assert.SkipWhen(file is null, "a measurement: set GEMMA4_STORAGE_TIMES=FILE");
        await using TestStorage storage = await TestStorage.OpenAsync(database, postgres);
        string text = string.Concat(Enumerable.Repeat("some words ", 100));
        var times = new List<double>();
        EarlierItems? earlier = null;
        for (int i = 0; i < 2200; i++)
        {
            StoredResponse response = SampleResponses.Of($"r{i}", text, i % 10 == 0 ? null : earlier);
            long began = Stopwatch.GetTimestamp();
            Assert.True(await storage.Of("me").TryKeepAsync(response));
            if (i >= 200)
                times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            earlier = await storage.Of("me").ConversationAsync($"r{i}", TestContext.Current.CancellationToken);
        }
        times.Sort();
        string line = string.Create(CultureInfo.InvariantCulture, $"{database}: p50 {times[1000]:0.000} ms, p95 {times[1900]:0.000} ms, p99 {times[1980]:0.000} ms, mean {times.Average():0.000} ms\n");
        await File.AppendAllTextAsync(file!, line, TestContext.Current.CancellationToken);
    }
}
