using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Gemma4.Engine.Backends.Torch;

/// <summary>How libtorch's threads behave.</summary>
public static partial class NativeThreads
{
    /// <summary>Lets OpenMP's threads sleep while they wait, and sets their number. To be called before libtorch's first use; a number loads it.</summary>
    /// <param name="count">Threads of one operation; null takes one a core.</param>
    /// <remarks>
    /// By default OpenMP spins, which is fastest on an idle machine and ruinous on a busy one: on two cores with other work running, the
    /// golden tests took 330 s spinning and 17 s sleeping. libgomp reads the policy once, from the process's own environment, which
    /// <see cref="Environment.SetEnvironmentVariable(string, string)"/> does not write; a policy that the user set is kept.
    /// </remarks>
    public static void Configure(int? count = null)
    {
        if (OperatingSystem.IsLinux())
            _ = SetEnvironment("OMP_WAIT_POLICY", "PASSIVE", overwrite: 0);
        if (count is { } threads && LibTorch.IsPresent)
            set_num_threads(threads);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}
