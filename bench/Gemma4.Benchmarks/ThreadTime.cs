using System.Runtime.InteropServices;

namespace Gemma4.Benchmarks;

/// <summary>Processor time of threads: on a shared machine the clock on the wall also counts what others do.</summary>
/// <remarks>Linux only (<c>CLOCK_THREAD_CPUTIME_ID</c>).</remarks>
internal static unsafe partial class ThreadTime
{
    private const int ThreadCpuTimeClock = 3;

    /// <summary>Lets some threads work at once, again and again.</summary>
    /// <param name="threads">How many.</param>
    /// <param name="rounds">How often.</param>
    /// <param name="work">Called with the number of the thread and of the round.</param>
    /// <returns>Seconds of the thread that took longest, in the round where that was least.</returns>
    public static double Best(int threads, int rounds, Action<int, int> work)
    {
        double best = double.PositiveInfinity;
        var seconds = new double[threads];
        using var start = new Barrier(threads);
        for (int round = 0; round < rounds; round++)
        {
            int current = round;
            Thread[] team = [.. Enumerable.Range(0, threads).Select(i => new Thread(() =>
            {
                start.SignalAndWait();
                double before = Now();
                work(i, current);
                seconds[i] = Now() - before;
            }))];
            Array.ForEach(team, t => t.Start());
            Array.ForEach(team, t => t.Join());
            best = Math.Min(best, seconds.Max());
        }
        return best;
    }

    private static double Now()
    {
        long* time = stackalloc long[2];
        if (GetTime(ThreadCpuTimeClock, time) != 0)
            throw new PlatformNotSupportedException("This system does not tell a thread's processor time.");
        return time[0] + 1e-9 * time[1];
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, long* time);
}
