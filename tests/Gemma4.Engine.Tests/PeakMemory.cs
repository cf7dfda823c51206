using System.Globalization;

namespace Gemma4.Engine.Tests;

/// <summary>How much memory the process came to hold while something ran, native memory included. Means something only where nothing
/// else runs: in the collection "alone".</summary>
internal static class PeakMemory
{
    /// <summary>Megabytes beyond what was held before; null where the system does not tell.</summary>
    public static long? Of(Action action)
    {
        if (!OperatingSystem.IsLinux())
        {
            action();
            return null;
        }
        GC.Collect();
        GC.WaitForPendingFinalizers();
        File.WriteAllText("/proc/self/clear_refs", "5"); // the high-water mark begins anew
        long before = Kilobytes("VmRSS:");
        action();
        return (Kilobytes("VmHWM:") - before) / 1024;
    }

    private static long Kilobytes(string name) => long.Parse(
        File.ReadLines("/proc/self/status").First(l => l.StartsWith(name, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2]
            .Split('\t')[^1],
        CultureInfo.InvariantCulture);
}
