using System.Runtime.InteropServices;

namespace Gemma4.Server.Hosting;

/// <summary>The second signal to stop ends the process at once; the first one is the host's, which drains.</summary>
internal sealed partial class StopSignals : IDisposable
{
    private readonly PosixSignalRegistration[] _registrations;
    private int _count;

    public StopSignals() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, _ => Received(2)),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => Received(15)),
    ];

    /// <summary>Ends the process without waiting for any thread.</summary>
    /// <remarks>An ordinary exit runs the destructors of native libraries, under the feet of threads that may still compute in them.</remarks>
    public static void EndProcess(int exitCode)
    {
        if (OperatingSystem.IsWindows())
            Environment.Exit(exitCode);
        Exit(exitCode);
    }

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
            registration.Dispose();
    }

    /// <summary>A shell tells the end by signal n as 128 + n.</summary>
    private void Received(int signal)
    {
        if (Interlocked.Increment(ref _count) > 1)
            EndProcess(128 + signal);
    }

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void Exit(int status);
}
