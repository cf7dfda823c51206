using System.Diagnostics;
using System.Globalization;
using Gemma4.Engine;

namespace Gemma4.Server.Media;

/// <summary>A program at work on a medium: no input, an all but empty environment, bounded memory. Disposing it ends it,
/// and so does its token.</summary>
internal sealed class MediaProcess : IAsyncDisposable
{
    // What a program may need to start; not the rest, which may hold secrets or make it write reports.
    private static readonly string[] KeptVariables = ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SystemRoot", "TMPDIR", "TEMP"];

    private readonly Process _process;
    private readonly Task _complaints;
    private readonly CancellationToken _cancellationToken;
    private readonly CancellationTokenRegistration _registration;

    private MediaProcess(Process process, CancellationToken cancellationToken)
    {
        (_process, _cancellationToken) = (process, cancellationToken);
        // A read of a pipe cannot be cancelled everywhere; the end of the program ends it.
        _registration = cancellationToken.Register(Kill);
        // Read and dropped, as a full pipe would stop the program; what it complains of holds paths of this machine.
        _complaints = process.StandardError.BaseStream.CopyToAsync(Stream.Null);
    }

    /// <summary>What it writes.</summary>
    public Stream Output => _process.StandardOutput.BaseStream;

    /// <summary>Starts it.</summary>
    /// <param name="program">Its path.</param>
    /// <param name="arguments">Handed over one by one; nothing interprets them.</param>
    /// <param name="maxMemoryBytes">Address space it may take, on Linux; elsewhere it is not bounded.</param>
    /// <param name="cancellationToken">Kills it: what is read of its output then ends early.</param>
    public static MediaProcess Start(string program, IEnumerable<string> arguments, long maxMemoryBytes, CancellationToken cancellationToken)
    {
        // A limit must stand before the program does. The shell sets it and becomes the program, which gives way to text as our own
        // threads do; it reads no line but this constant.
        string kibibytes = (maxMemoryBytes / 1024).ToString(CultureInfo.InvariantCulture);
        ProcessStartInfo start = OperatingSystem.IsLinux()
            ? new("/bin/sh", ["-c", $"ulimit -v \"$0\" && exec nice -n {Niceness.Level} \"$@\"", kibibytes, program, .. arguments])
            : new(program, arguments);
        Redirect(start);
        Process process = Process.Start(start)!; // null only with UseShellExecute
        process.StandardInput.Close();
        return new MediaProcess(process, cancellationToken);
    }

    /// <summary>Waits for its end, all its output read.</summary>
    /// <returns>Whether it says that it did its work.</returns>
    /// <exception cref="OperationCanceledException">It was killed.</exception>
    public async Task<bool> SucceedsAsync()
    {
        await _process.WaitForExitAsync(_cancellationToken);
        _cancellationToken.ThrowIfCancellationRequested();
        return _process.ExitCode == 0;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _registration.DisposeAsync();
        Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        await _complaints;
        _process.Dispose();
    }

    private static void Redirect(ProcessStartInfo start)
    {
        start.UseShellExecute = false;
        start.CreateNoWindow = true;
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        Dictionary<string, string?> kept = KeptVariables
            .Where(start.Environment.ContainsKey).ToDictionary(name => name, name => start.Environment[name]);
        start.Environment.Clear();
        foreach ((string name, string? value) in kept)
            start.Environment[name] = value;
    }

    private void Kill()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
    }
}
