using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Gemma4.LoadTest.Soak;

/// <summary>The server as a process of its own, with the demo model and little room: few sequences, a short queue, a small cache.</summary>
internal sealed partial class SoakServer : IAsyncDisposable
{
    /// <summary>How long requests may go on after SIGTERM.</summary>
    public const int DrainSeconds = 8;

    private const int Terminate = 15;
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly TaskCompletionSource _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private SoakServer(string program, Uri url, SoakKeys keys)
    {
        string[] args =
        [
            program, "--port", url.Port.ToString(CultureInfo.InvariantCulture), "--api-key-file", keys.File, "--data", keys.Data, "--kv-cache-bytes", "100000000", "--max-context", "8192", "--allow-media-urls",
            // Caches that are full before memory is judged.
            "--Constraints:CacheMegabytes", "16", "--Engine:EncoderCacheBytes", "16777216", "--Media:VideoCacheBytes", "16777216", "--Storage:MaxMegabytes", "16",
            "--max-sequences", "32", "--max-queue", "64", "--Server:DrainSeconds", DrainSeconds.ToString(CultureInfo.InvariantCulture),
        ];
        _process = Process.Start(new ProcessStartInfo("dotnet", args) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        _process.OutputDataReceived += (_, e) => Note(e.Data);
        _process.ErrorDataReceived += (_, e) => Note(e.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Lines of the log that tell of a fault of the server's.</summary>
    public ConcurrentQueue<string> Faults { get; } = new();

    /// <summary>Starts it and waits until it serves.</summary>
    /// <exception cref="InvalidOperationException">It does not.</exception>
    public static async Task<SoakServer> StartAsync(string program, Uri url, SoakKeys keys, CancellationToken cancellationToken)
    {
        var server = new SoakServer(program, url, keys);
        Task first = await Task.WhenAny(server._loaded.Task, server._process.WaitForExitAsync(cancellationToken), Task.Delay(StartLimit, cancellationToken));
        return first == server._loaded.Task ? server : throw new InvalidOperationException($"The server did not start: {string.Join('\n', server.Faults)}");
    }

    /// <summary>An address that nobody listens on.</summary>
    public static Uri FreeAddress()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return new Uri($"http://{listener.LocalEndpoint}");
    }

    /// <summary>What it takes of the machine now, as Linux counts.</summary>
    public SoakSample Sample()
    {
        string[] status = File.ReadAllLines($"/proc/{_process.Id}/status");
        long Of(string name) => long.Parse(status.First(line => line.StartsWith(name, StringComparison.Ordinal)).Split(default(char[]), StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        string[] open = [.. Directory.GetFileSystemEntries($"/proc/{_process.Id}/fd").Select(TargetOf).OfType<string>()];
        int sockets = open.Count(target => target.StartsWith("socket:", StringComparison.Ordinal));
        return new SoakSample(Stopwatch.GetTimestamp(), Of("VmRSS:") >> 10, (int)Of("Threads:"), open.Length - sockets, sockets);
    }

    /// <summary>What an open descriptor leads to; null where it was closed since it was listed.</summary>
    private static string? TargetOf(string descriptor)
    {
        try
        {
            return File.ResolveLinkTarget(descriptor, returnFinalTarget: false)?.Name;
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Tells it to stop and waits.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> StopAsync(CancellationToken cancellationToken)
    {
        _ = Kill(_process.Id, Terminate);
        await _process.WaitForExitAsync(cancellationToken);
        return _process.ExitCode;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }

    private void Note(string? line)
    {
        if (line is null)
            return;
        if (line.Contains(" INF Loaded ", StringComparison.Ordinal))
            _loaded.TrySetResult();
        if (line.Contains(" ERR ", StringComparison.Ordinal) || line.Contains(" FTL ", StringComparison.Ordinal) || line.Contains("Unhandled exception", StringComparison.Ordinal))
            Faults.Enqueue(line);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int processId, int signal);
}
