using System.Diagnostics;
using Gemma4.Testing;

namespace Gemma4.Server.Tests.Documents;

/// <summary>A temporary folder in which commands of documents run as if it were a clone: what is in the repository is linked into it, <c>gemma4</c> and
/// <c>dotnet run</c> are the program as it was built, models come from a hub on the loopback or lie in the cache, and what the commands write stays in it.</summary>
internal sealed class DocumentWorkplace : IDisposable
{
    private const string Address = "127.0.0.1:8000";

    /// <summary>A server would not end: it gets a free port and a small cache, is waited for until its model is loaded, and told to stop.</summary>
    private const string Program = """
        #!/usr/bin/env bash
        case "${1:-serve} $*" in
          --help*|-h*|--version*|*' --help'*) exec "$GEMMA4_DOTNET" "$GEMMA4_PROGRAM" "$@" ;;
          serve*|-*) ;;
          *) exec "$GEMMA4_DOTNET" "$GEMMA4_PROGRAM" "$@" ;;
        esac
        log=$(mktemp -p "$GEMMA4_WORKPLACE")
        "$GEMMA4_DOTNET" "$GEMMA4_PROGRAM" "$@" --port 0 --kv-cache-bytes 50000000 >"$log" 2>&1 &
        server=$!
        until grep -q ' Loaded ' "$log" || ! kill -0 $server 2>/dev/null; do sleep 0.05; done
        kill -TERM $server 2>/dev/null
        wait $server
        code=$?
        cat "$log"
        grep -q ' Loaded ' "$log" || exit 1
        exit $code
        """;

    /// <summary>What a clone's user types, without building what the tests have built.</summary>
    private const string DotNet = """
        #!/usr/bin/env bash
        if [[ "$*" == "run -c Release --project src/Gemma4.Server"* ]]; then
          shift 5
          [[ "${1:-}" == -- ]] && shift
          exec gemma4 "$@"
        fi
        exec "$GEMMA4_DOTNET" "$@"
        """;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private static readonly string[] NotLinked = [".git", "artifacts", "secrets"];
    private readonly TemporaryFolder _folder = new();

    private readonly string? _hub;

    /// <param name="hub">Where models are fetched from; null where none are.</param>
    public DocumentWorkplace(string? hub = null)
    {
        _hub = hub;
        foreach (string entry in Directory.EnumerateFileSystemEntries(RepositoryPaths.Root).Where(e => !NotLinked.Contains(Path.GetFileName(e))))
            Link(Path.GetFileName(entry), entry);
        WriteProgram("gemma4", Program);
        WriteProgram("dotnet", DotNet);
        string gguf = Path.Combine(RepositoryPaths.Fixtures, "quantized", "gguf");
        Link("gemma-4-E2B-it-Q4_0.gguf", Path.Combine(gguf, "tiny-e2b-Q4_0.gguf"));
        Link("mmproj-gemma-4-E2B-it-F16.gguf", Path.Combine(gguf, "mmproj-tiny-e2b-F16.gguf"));
        Cache("unsloth/gemma-4-26B-A4B-it-GGUF", [("gemma-4-26B-A4B-it-Q4_K_M.gguf", Path.Combine(gguf, "tiny-e2b-Q4_0.gguf"))]);
    }

    /// <summary>The folder.</summary>
    public string Folder => _folder.Path;

    /// <summary>Links something into the folder.</summary>
    public void Link(string name, string target)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder[name])!);
        File.CreateSymbolicLink(_folder[name], target);
    }

    /// <summary>Writes a file into it, with the address of a server in place of the one that documents write.</summary>
    public string Write(string name, string text, string server) => _folder.Write(name, At(text, server));

    /// <summary>Runs a shell's lines against a server: all of them must succeed.</summary>
    /// <returns>The exit code, 124 where it took too long, and what was written on both streams.</returns>
    public Task<(int ExitCode, string Output)> ShellAsync(string text, string server, CancellationToken cancellationToken) =>
        RunAsync("bash", ["-euo", "pipefail", "-c", At(text, server)], cancellationToken);

    /// <summary>Runs a program in the folder.</summary>
    /// <returns>The exit code, 124 where it took too long, and what was written on both streams.</returns>
    public async Task<(int ExitCode, string Output)> RunAsync(
        string program, IEnumerable<string> args, CancellationToken cancellationToken, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, args)
        {
            WorkingDirectory = _folder.Path,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        (string Name, string Value)[] own =
        [
            ("PATH", $"{_folder["bin"]}:{Environment.GetEnvironmentVariable("PATH")}"),
            ("GEMMA4_DOTNET", InstalledPrograms.Find("dotnet")!),
            ("GEMMA4_PROGRAM", Path.Combine(AppContext.BaseDirectory, "gemma4.dll")),
            ("GEMMA4_WORKPLACE", _folder.Path),
            ("HF_HUB_CACHE", _folder["hub"]),
            ("XDG_STATE_HOME", _folder["state"]),
            ("HF_ENDPOINT", _hub ?? "http://127.0.0.1:9"),
        ];
        foreach ((string name, string value) in own.Concat(environment))
            start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            process.StandardInput.Close();
            Task<string> output = process.StandardOutput.ReadToEndAsync(limit.Token), errors = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, await output + await errors);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (124, $"not done within {Limit}");
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();

    /// <summary>A text with the address of a server in place of the one that documents write.</summary>
    public static string At(string text, string server) => text.Replace(Address, new Uri(server).Authority, StringComparison.Ordinal);

    private void WriteProgram(string name, string text)
    {
        string file = _folder.Write(Path.Combine("bin", name), text);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
    }

    /// <summary>A model in the cache, as if it had been fetched.</summary>
    private void Cache(string repository, IEnumerable<(string Name, string File)> files)
    {
        string folder = Path.Combine("hub", "models--" + repository.Replace("/", "--", StringComparison.Ordinal)), commit = new('a', 40);
        _folder.Write(Path.Combine(folder, "refs", "main"), commit);
        foreach ((string name, string file) in files)
            Link(Path.Combine(folder, "snapshots", commit, name), file);
    }
}
