using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Xunit;

namespace Gemma4.Server.Tests;

/// <summary>The program as a process of its own.</summary>
internal sealed partial class ServerProcess : IAsyncDisposable
{
    /// <summary>The signals that ask a process to stop.</summary>
    public const int Interrupt = 2, Terminate = 15;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly ConcurrentQueue<string> _lines = [];
    private readonly Process _process;

    /// <param name="args">Switches.</param>
    public ServerProcess(params IEnumerable<string> args)
        : this([], args)
    {
    }

    /// <param name="environment">Variables that it has beside this process's.</param>
    /// <param name="args">Switches.</param>
    public ServerProcess(IEnumerable<(string Name, string Value)> environment, params IEnumerable<string> args)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "gemma4.dll"), .. args])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Gemma4.Testing.RepositoryPaths.Root,
        };
        start.Environment["GEMMA4__Storage__Data"] = "memory"; // unless --data says otherwise
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, e) => Add(e.Data);
        _process.ErrorDataReceived += (_, e) => Add(e.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>What it has written, on both streams.</summary>
    public IReadOnlyList<string> Lines => [.. _lines];

    /// <summary>Its resident memory in bytes.</summary>
    public long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>The files that it has mapped into its memory, libraries among them.</summary>
    public string MappedFiles => File.ReadAllText($"/proc/{_process.Id}/maps");

    /// <summary>Whether it has ended.</summary>
    public bool HasEnded => _process.HasExited;

    /// <summary>Waits until it serves.</summary>
    /// <returns>Its address.</returns>
    public async Task<Uri> ReadyAsync()
    {
        string url = await LineAsync(Listening());
        await LineAsync(Loaded());
        return new Uri(url);
    }

    /// <summary>Waits for a line.</summary>
    /// <returns>The first group of its match, or the whole.</returns>
    public async Task<string> LineAsync(Regex pattern)
    {
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < Limit)
        {
            if (_lines.Select(l => pattern.Match(l)).FirstOrDefault(m => m.Success) is { } match)
                return match.Groups[^1].Value;
            if (_process.HasExited && clock.Elapsed > TimeSpan.FromSeconds(1))
                break;
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
        Assert.Fail($"The server never wrote {pattern}:\n{string.Join('\n', _lines)}");
        return "";
    }

    /// <summary>Types a line.</summary>
    public async Task TypeAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line.AsMemory(), TestContext.Current.CancellationToken);
        await _process.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Sends a signal.</summary>
    public void Signal(int signal) => Assert.Equal(0, Kill(_process.Id, signal));

    /// <summary>Waits for its end.</summary>
    /// <returns>The exit code; 128 + n where signal n ended it.</returns>
    public async Task<int> ExitCodeAsync()
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        enough.CancelAfter(Limit);
        await _process.WaitForExitAsync(enough.Token);
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

    private void Add(string? line)
    {
        if (!string.IsNullOrEmpty(line))
            _lines.Enqueue(line);
    }

    [GeneratedRegex(@"Listening on (http://[^;]+);")]
    private static partial Regex Listening();

    [GeneratedRegex("INF Loaded ")]
    private static partial Regex Loaded();

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int processId, int signal);
}
