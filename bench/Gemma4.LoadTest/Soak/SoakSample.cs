using System.Diagnostics;
using System.Globalization;

namespace Gemma4.LoadTest.Soak;

/// <summary>What the server takes at a moment.</summary>
/// <param name="Time">Timestamp.</param>
/// <param name="MemoryMiB">Resident memory.</param>
/// <param name="Threads">Threads.</param>
/// <param name="Files">Open files, pipes and the like.</param>
/// <param name="Sockets">Connections, as many as clients keep open.</param>
internal sealed record SoakSample(long Time, long MemoryMiB, int Threads, int Files, int Sockets);

/// <summary>A life of the server, from its start to its end, sampled each second.</summary>
internal sealed class SoakLife
{
    /// <summary>A shorter life is all warming up: only its end says anything.</summary>
    private static readonly TimeSpan Judged = TimeSpan.FromMinutes(2);

    /// <summary>Of the memory in the middle of a life; and at least 64 MiB, which one large request takes for a while.</summary>
    private const double MaxGrowth = 0.1;
    private const long MinGrowthMiB = 64;
    private const int MaxMoreThreads = 8, MaxMoreFiles = 8;

    private readonly List<SoakSample> _samples = [];

    /// <summary>Adds a sample.</summary>
    public void Add(SoakSample sample)
    {
        lock (_samples)
            _samples.Add(sample);
    }

    /// <summary>Medians of the middle (two to three fifths of the life) and of the last fifth, and the largest.</summary>
    public (SoakSample Middle, SoakSample End, SoakSample Largest) Figures()
    {
        lock (_samples)
        {
            int fifth = Math.Max(1, _samples.Count / 5);
            return (Median(_samples.Skip(2 * fifth).Take(fifth)), Median(_samples.TakeLast(fifth)),
                new SoakSample(0, _samples.Max(s => s.MemoryMiB), _samples.Max(s => s.Threads), _samples.Max(s => s.Files), _samples.Max(s => s.Sockets)));
        }
    }

    /// <summary>What grew from the middle to the end; nothing where all is flat or the life was short.</summary>
    public IEnumerable<string> Growth()
    {
        lock (_samples)
        {
            if (_samples.Count == 0 || Stopwatch.GetElapsedTime(_samples[0].Time, _samples[^1].Time) < Judged)
                yield break;
        }
        (SoakSample middle, SoakSample end, _) = Figures();
        if (end.MemoryMiB > middle.MemoryMiB + Math.Max(MinGrowthMiB, (long)(middle.MemoryMiB * MaxGrowth)))
            yield return $"memory grew from {middle.MemoryMiB} to {end.MemoryMiB} MiB";
        if (end.Threads > middle.Threads + MaxMoreThreads)
            yield return $"threads grew from {middle.Threads} to {end.Threads}";
        if (end.Files > middle.Files + MaxMoreFiles)
            yield return $"open files grew from {middle.Files} to {end.Files}";
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        (SoakSample middle, SoakSample end, SoakSample largest) = Figures();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"memory {middle.MemoryMiB} → {end.MemoryMiB} MiB (at most {largest.MemoryMiB}), threads {middle.Threads} → {end.Threads} ({largest.Threads}), open files {middle.Files} → {end.Files} ({largest.Files}), connections {middle.Sockets} → {end.Sockets} ({largest.Sockets})");
    }

    private static SoakSample Median(IEnumerable<SoakSample> samples)
    {
        SoakSample[] all = [.. samples];
        return new SoakSample(0, Middle(all.Select(s => s.MemoryMiB)), (int)Middle(all.Select(s => (long)s.Threads)), (int)Middle(all.Select(s => (long)s.Files)), (int)Middle(all.Select(s => (long)s.Sockets)));
    }

    private static long Middle(IEnumerable<long> values)
    {
        long[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
