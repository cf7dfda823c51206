using System.Runtime.InteropServices;

namespace Gemma4.Server.Media;

/// <summary>Makes work on media give way to the engine's threads.</summary>
internal static partial class Niceness
{
    /// <summary>
    /// A tenth of an ordinary thread's share where both want the processor, as Linux weighs it. Measured beside text in docs/performance.md
    /// (2 processors of an AMD EPYC, 2026-11-24).
    /// </summary>
    public const int Level = 10;

    private const int PriorityOfProcess = 0, CallingThread = 0;

    /// <summary>Lowers the priority of the calling thread for good: an ordinary user cannot raise it again.</summary>
    public static void LowerCallingThread()
    {
        Thread.CurrentThread.Priority = ThreadPriority.BelowNormal; // has no effect on Linux, where niceness is each thread's own
        if (OperatingSystem.IsLinux() && SetPriority(PriorityOfProcess, CallingThread, Level) != 0)
            throw new InvalidOperationException($"A thread may not be made nicer: error {Marshal.GetLastPInvokeError()}.");
    }

    [LibraryImport("libc", EntryPoint = "setpriority", SetLastError = true)]
    private static partial int SetPriority(int which, int who, int niceness);
}
