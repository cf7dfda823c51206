using Gemma4.Server.Access;
using Gemma4.Server.Settings;
using Gemma4.Server.Storage;
using Gemma4.Server.Storage.Databases;
using Gemma4.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Storage;

/// <summary>What is kept, in a database of the test's own: <c>memory</c>, <c>sqlite</c> or <c>postgres</c>.</summary>
internal sealed class TestStorage : IAsyncDisposable
{
    private readonly TestMeterFactory _meters = new();
    private readonly TemporaryFolder? _folder;
    private readonly bool _ownsFolder;

    private TestStorage(StorageOptions options, FakeTimeProvider time, TemporaryFolder? folder, bool ownsFolder)
    {
        (Options, Time, _folder, _ownsFolder) = (options, time, folder, ownsFolder);
        Health = new StorageHealth(_meters, NullLogger<StorageHealth>.Instance);
        Database = options.IsMemory ? new SqliteDatabase(null, options.MaxQueued, Health, NullLogger.Instance)
            : DatabaseChoice.IsConnectionString(options.Data!) ? new PostgresDatabase(options.Data!, options.MaxQueued, Health, NullLogger.Instance)
            : new SqliteDatabase(options.Data, options.MaxQueued, Health, NullLogger.Instance);
        IOptions<StorageOptions> bound = Microsoft.Extensions.Options.Options.Create(options);
        Store = new Store(Database, Health, bound, time);
        Responses = new ResponseStore(Store);
        Conversations = new ConversationStore(Store);
        Chats = new ChatStore(Store);
        Files = new FileStore(Store, bound);
        var leases = new Leases(Store, Database, bound);
        Jobs = new ResponseJobs(Store, leases, Responses, Files);
        CallerBatches = new BatchStore(Store, leases);
        Batches = new BatchJobs(Store, leases, Files);
        Service = new StorageService(Database, Health, bound, time, NullLogger<StorageService>.Instance);
    }

    public StorageOptions Options { get; }

    public FakeTimeProvider Time { get; }

    public StorageHealth Health { get; }

    public Database Database { get; }

    public Store Store { get; }

    public ResponseStore Responses { get; }

    public ResponseJobs Jobs { get; }

    public ConversationStore Conversations { get; }

    public ChatStore Chats { get; }

    public FileStore Files { get; }

    public BatchStore CallerBatches { get; }

    public BatchJobs Batches { get; }

    public StorageService Service { get; }

    /// <summary>Where SQLite's files are.</summary>
    public string Folder => _folder!.Path;

    /// <summary>Opens an empty one.</summary>
    /// <param name="kind"><c>memory</c>, <c>sqlite</c> or <c>postgres</c>.</param>
    /// <param name="postgres">Gives databases of PostgreSQL.</param>
    /// <param name="set">Sets options.</param>
    public static async Task<TestStorage> OpenAsync(string kind, PostgresServer postgres, Action<StorageOptions>? set = null)
    {
        TemporaryFolder? folder = kind == "sqlite" ? new TemporaryFolder() : null;
        var options = new StorageOptions
        {
            WaitMilliseconds = 60_000, // the database is never slow by the tests' own clock
            Data = kind switch
            {
                "memory" => StorageOptions.Memory,
                "sqlite" => folder!["data"],
                _ => await postgres.DatabaseAsync(),
            },
        };
        set?.Invoke(options);
        var storage = new TestStorage(options, new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56)), folder, ownsFolder: true);
        await storage.Service.StartingAsync(TestContext.Current.CancellationToken);
        return storage;
    }

    /// <summary>Another process's view of the same database, on the same clock.</summary>
    public async Task<TestStorage> AgainAsync()
    {
        var again = new TestStorage(Options, Time, _folder, ownsFolder: false);
        await again.Service.StartingAsync(TestContext.Current.CancellationToken);
        return again;
    }

    /// <summary>What a caller keeps.</summary>
    public CallerResponses Of(string caller) => new(Responses, Jobs, Conversations, Files, new Caller(caller));

    /// <summary>A number out of the database.</summary>
    public async Task<long> NumberAsync(string sql) => await Database.ReadAsync(
        async session => await session.NumberAsync(sql) ?? -1, TestContext.Current.CancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        Service.Dispose();
        _meters.Dispose();
        if (_ownsFolder)
            _folder?.Dispose();
    }
}
