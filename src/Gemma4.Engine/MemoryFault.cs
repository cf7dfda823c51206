using System.Runtime.InteropServices;

namespace Gemma4.Engine;

/// <summary>Tells whether a step failed because memory was short.</summary>
internal static class MemoryFault
{
    /// <summary>What the allocators of the native backend say, on a device and on a CPU: their fault comes as a message, without a type of its own.</summary>
    private static readonly string[] Words = ["out of memory", "not enough memory", "can't allocate memory"];

    /// <summary>Whether a smaller step may succeed.</summary>
    public static bool Is(Exception fault) => fault is AggregateException several ? several.Flatten().InnerExceptions.Any(IsOne) : IsOne(fault);

    private static bool IsOne(Exception fault) => fault is OutOfMemoryException
        || (fault is ExternalException && Words.Any(words => fault.Message.Contains(words, StringComparison.OrdinalIgnoreCase)));
}
