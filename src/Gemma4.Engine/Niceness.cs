using System.Runtime.InteropServices;

namespace Gemma4.Engine;

/// <summary>Makes work that can wait, on media or for masks, give way to the threads that compute answers.</summary>
public static partial class Niceness
{
    /// <summary>
    /// A tenth of an ordinary thread's share where both want the processor, as Linux weighs it. Measured beside text in docs/performance.md
    /// (2 processors of an AMD EPYC, 2026-11-24).
    /// </summary>
    public const int Level = 10;

    private const int PriorityOfProcess = 0, CallingThread = 0;

    /// <summary>For threads that can be many: Linux weighs sixty-eight of them as one ordinary thread.</summary>
    public const int Highest = 19;

    /// <summary>Lowers the priority of the calling thread for good: an ordinary user cannot raise it again.</summary>
    /// <param name="level">How nice it becomes, at most <see cref="Highest"/>.</param>
    public static void LowerCallingThread(int level = Level)
    {
        Thread.CurrentThread.Priority = ThreadPriority.BelowNormal; // has no effect on Linux, where niceness is each thread's own
        if (OperatingSystem.IsLinux() && SetPriority(PriorityOfProcess, CallingThread, level) != 0)
            throw new InvalidOperationException($"A thread may not be made nicer: error {Marshal.GetLastPInvokeError()}.");
    }

    [LibraryImport("libc", EntryPoint = "setpriority", SetLastError = true)]
    private static partial int SetPriority(int which, int who, int niceness);
}
