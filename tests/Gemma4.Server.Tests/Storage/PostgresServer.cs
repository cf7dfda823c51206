using System.Diagnostics;
using Npgsql;
using Xunit;

[assembly: AssemblyFixture(typeof(Gemma4.Server.Tests.Storage.PostgresServer))]

namespace Gemma4.Server.Tests.Storage;

/// <summary>A PostgreSQL of the tests' own, in a folder of its own and reached by a socket in it; started for the first test that wants it. Debian's package
/// <c>postgresql</c> has what it takes; without it such tests skip.</summary>
public sealed class PostgresServer : IAsyncLifetime
{
    /// <summary>Its programs refuse to be run by root.</summary>
    private const string User = "nobody";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly SemaphoreSlim _starting = new(1, 1);
    private string? _folder;
    private Process? _server;
    private int _numDatabases;

    /// <inheritdoc/>
    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>An empty database; skips the test where there is no PostgreSQL.</summary>
    /// <returns>Its connection string.</returns>
    public async Task<string> DatabaseAsync()
    {
        string programs = Programs() ?? throw Xunit.Sdk.SkipException.ForSkip("needs PostgreSQL: apt-get install postgresql");
        await _starting.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (_server is null)
                await StartAsync(programs);
        }
        finally
        {
            _starting.Release();
        }
        string name = $"test{Interlocked.Increment(ref _numDatabases)}";
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(ConnectionString("postgres"));
        await using NpgsqlCommand create = source.CreateCommand($"CREATE DATABASE {name}");
        await create.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        return ConnectionString(name);
    }

    /// <summary>Ends it as a crash does, or starts it again.</summary>
    public async Task RestartAsync(bool isUp)
    {
        if (!isUp)
        {
            _server!.Kill(entireProcessTree: true);
            await _server.WaitForExitAsync(TestContext.Current.CancellationToken);
            return;
        }
        await RunAsync(Programs()!);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_server is { HasExited: false })
        {
            _server.Kill(entireProcessTree: true);
            await _server.WaitForExitAsync(CancellationToken.None);
        }
        _server?.Dispose();
        _starting.Dispose();
        if (_folder is not null)
            Directory.Delete(_folder, recursive: true);
    }

    private string ConnectionString(string database) => $"Host={_folder};Username=test;Database={database};Include Error Detail=true";

    private static string? Programs() => new[] { "/usr/lib/postgresql" }.Where(Directory.Exists).SelectMany(Directory.GetDirectories)
        .Select(version => Path.Combine(version, "bin")).Where(bin => File.Exists(Path.Combine(bin, "initdb"))).Order(StringComparer.Ordinal).LastOrDefault();

    private async Task StartAsync(string programs)
    {
        _folder = Directory.CreateTempSubdirectory("gemma4-pg-").FullName;
        if (Environment.UserName == "root")
            await EndsWellAsync("chown", [User, _folder]);
        await EndsWellAsync(Path.Combine(programs, "initdb"), ["-D", Path.Combine(_folder, "data"), "-U", "test", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"]);
        await RunAsync(programs);
    }

    private async Task RunAsync(string programs)
    {
        _server = Process.Start(Started(Path.Combine(programs, "postgres"), ["-D", Path.Combine(_folder!, "data"), "-k", _folder!, "-c", "listen_addresses=", "-c", "fsync=off"]))!;
        _server.OutputDataReceived += (_, _) => { };
        _server.ErrorDataReceived += (_, _) => { };
        _server.BeginOutputReadLine();
        _server.BeginErrorReadLine();
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await using NpgsqlDataSource source = NpgsqlDataSource.Create(ConnectionString("postgres"));
                await using NpgsqlCommand ask = source.CreateCommand("SELECT 1");
                await ask.ExecuteScalarAsync(TestContext.Current.CancellationToken);
                return;
            }
            catch (Exception exception) when (exception is NpgsqlException or System.Net.Sockets.SocketException && clock.Elapsed < Limit && !_server.HasExited)
            {
                await Task.Delay(50, TestContext.Current.CancellationToken);
            }
        }
    }

    private static async Task EndsWellAsync(string program, string[] args)
    {
        using Process process = Process.Start(program == "chown" ? Ordinary(program, args) : Started(program, args))!;
        string said = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken) + await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, $"{program}: {said}");
    }

    private static ProcessStartInfo Started(string program, string[] args) => Environment.UserName == "root"
        ? Ordinary("setpriv", ["--reuid", User, "--regid", "nogroup", "--clear-groups", program, .. args])
        : Ordinary(program, args);

    private static ProcessStartInfo Ordinary(string program, string[] args) => new(program, args)
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        WorkingDirectory = "/",
    };
}
