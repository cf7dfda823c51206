using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Gemma4.Engine.StructuredOutput.Automata;

/// <summary>The processor time of the calling thread: a busy machine does not make a schema too complex.</summary>
internal static partial class ProcessorTime
{
    /// <summary>CLOCK_THREAD_CPUTIME_ID of Linux.</summary>
    private const int ThreadClock = 3;

    /// <summary>Time this thread has run; where the system does not say, time that has passed.</summary>
    public static TimeSpan OfThread() => OperatingSystem.IsLinux() && GetTime(ThreadClock, out Timespec time) == 0
        ? new TimeSpan((time.Seconds * TimeSpan.TicksPerSecond) + (time.Nanoseconds / TimeSpan.NanosecondsPerTick))
        : Stopwatch.GetElapsedTime(0);

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, out Timespec time);

    [StructLayout(LayoutKind.Sequential)]
    private struct Timespec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
