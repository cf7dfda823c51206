using System.Diagnostics;
using Xunit;

namespace Gemma4.Server.Tests.Storage;

/// <summary>Processes that write to a database and are killed in the middle of it, over and over.</summary>
public sealed class CrashTests(PostgresServer postgres)
{
    private const int NumOwners = 3;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("sqlite", 100, 1)]
    [InlineData("sqlite", 50, 2)]
    [InlineData("postgres", 50, 2)]
    public async Task Nothing_that_was_done_is_lost_and_nothing_is_done_twice_or_by_halves(string database, int numKills, int numWriters)
    {
        // GEMMA4_CRASHES multiplies the kills (5 makes 1000); the same seed gives the same operations. 200 take 52 s of processor (two busy cores: 65 to 113 s; 2026-11-29).
        if (int.TryParse(Environment.GetEnvironmentVariable("GEMMA4_CRASHES"), out int more))
            numKills *= more;
        await using TestStorage storage = await TestStorage.OpenAsync(database, postgres, options => options.MaxMegabytes = 10_000);
        storage.Time.SetUtcNow(DateTimeOffset.UtcNow);
        var model = new WriterModel();
        var random = new Random(7);
        for (int i = 0; i < numKills; i += numWriters)
        {
            int[] seeds = [.. Enumerable.Range(0, numWriters).Select(_ => random.Next())];
            int[] lives = [.. seeds.Select(_ => random.Next(1, 40))];
            string[][] said = await Task.WhenAll(seeds.Zip(lives, (seed, life) => LifeAsync(storage.Options.Data!, seed, life)));
            foreach (string[] lines in said)
                model.Read(lines);
            if (i % 20 < numWriters || i + numWriters >= numKills)
                await model.CheckAsync(storage, Cancelled);
        }
        Assert.True(model.NumDone > numKills, $"only {model.NumDone} operations were done");
        TestContext.Current.TestOutputHelper?.WriteLine($"{model.NumDone} operations done, {numKills} kills");
    }

    /// <summary>Runs a writer until it has said so many lines, and kills it in whatever it does then.</summary>
    private static async Task<string[]> LifeAsync(string data, int seed, int numLines)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Gemma4.StorageWriter.dll"), data, $"{NumOwners}", $"{seed}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DOTNET_TieredPGO"] = "0";
        using Process writer = Process.Start(start)!;
        Task<string> errors = writer.StandardError.ReadToEndAsync(Cancelled);
        var lines = new List<string>();
        while (lines.Count <= numLines && await writer.StandardOutput.ReadLineAsync(Cancelled) is { } line)
            lines.Add(line);
        Assert.True(lines.Count > numLines, $"the writer ended by itself: {(writer.HasExited ? await errors : "")}");
        // Somewhere in the next operation, not only where it has just said something.
        await Task.Delay(TimeSpan.FromMicroseconds(seed % 3000), Cancelled);
        writer.Kill();
        while (await writer.StandardOutput.ReadLineAsync(Cancelled) is { } line)
            lines.Add(line);
        await writer.WaitForExitAsync(Cancelled);
        Assert.Equal("ready", lines[0]);
        return [.. lines.Skip(1)];
    }
}
