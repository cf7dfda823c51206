using Gemma4.Server.Settings;
using Microsoft.Data.Sqlite;

namespace Gemma4.Server.Storage.Databases;

/// <summary>SQLite, in a folder of this machine or in memory: one thread writes, and on disk two others read beside it.</summary>
/// <remarks>A commit reaches the operating system, which keeps it when the process dies; after a power cut the last second may be missing, and what
/// is left is whole (WAL, synchronous=NORMAL). What is deleted is overwritten (secure_delete), in the WAL at its next checkpoint.</remarks>
internal sealed class SqliteDatabase : Database
{
    private const string FileName = "gemma4.db";
    private const int NumReaders = 2, CorruptCode = 11, FullCode = 13, NotADatabaseCode = 26;
    private const int ErrorCode = 1, ConstraintCode = 19, MismatchCode = 20, MisuseCode = 21, RangeCode = 25;
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string? _folder;
    private readonly ILogger _log;
    private readonly string _connectionString;
    private readonly SqliteThreads _writer, _readers;

    /// <param name="folder">Where it lies; null for memory.</param>
    /// <param name="maxQueued">Most reads and writes that may wait.</param>
    /// <param name="health">Is told how it does.</param>
    /// <param name="log">Is told of migrations.</param>
    public SqliteDatabase(string? folder, int maxQueued, StorageHealth health, ILogger log)
        : base(maxQueued, health)
    {
        (_folder, _log) = (folder, log);
        _connectionString = new SqliteConnectionStringBuilder
        {
            DataSource = folder is null ? ":memory:" : Path.Combine(folder, FileName),
            ForeignKeys = true,
            Pooling = false,
        }.ToString();
        _writer = new SqliteThreads("SQLite writer", 1, Open);
        // What lies in memory is seen by its own connection alone.
        _readers = folder is null ? _writer : new SqliteThreads("SQLite reader", NumReaders, Open);
    }

    /// <inheritdoc/>
    public override string Name => _folder ?? "memory";

    /// <inheritdoc/>
    public override async Task OpenAsync(CancellationToken cancellationToken)
    {
        if (_folder is not null)
            MakeFile(_folder);
        try
        {
            await base.OpenAsync(cancellationToken);
        }
        catch (StorageException exception) when (exception.InnerException is SqliteException { SqliteErrorCode: NotADatabaseCode or CorruptCode } inner)
        {
            throw new OptionsException($"{Path.Combine(_folder!, FileName)} is not a database that can be used ({inner.Message}). Move it away, or name another folder with --data.");
        }
        catch (StorageException exception) when (exception.InnerException is SqliteException inner)
        {
            throw new OptionsException($"{Path.Combine(_folder!, FileName)} cannot be used ({inner.Message}). Name another folder with --data, or --data memory to keep nothing.");
        }
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        if (_readers != _writer)
            _readers.Dispose();
        _writer.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Gives room of what was deleted back to the disk, and overwrites what of it is left in the WAL.</summary>
    public override Task ShrinkAsync(CancellationToken cancellationToken) => _writer.RunAsync(
        connection =>
        {
            Execute(connection, "PRAGMA incremental_vacuum");
            Execute(connection, "PRAGMA wal_checkpoint(TRUNCATE)");
            return true;
        },
        cancellationToken);

    /// <inheritdoc/>
    protected override Task<bool> MigrateAsync(CancellationToken cancellationToken) => RunWriteAsync(
        "",
        async session =>
        {
            await Schema.MigrateAsync(session, "INTEGER PRIMARY KEY AUTOINCREMENT", "BLOB", Name, _log);
            return true;
        },
        cancellationToken);

    /// <inheritdoc/>
    protected override Task<T> RunReadAsync<T>(Func<DatabaseSession, ValueTask<T>> read, CancellationToken cancellationToken) => _readers.RunAsync(
        connection =>
        {
            // Deferred: one view of the database for all statements, and no lock.
            using SqliteTransaction transaction = connection.BeginTransaction(deferred: true);
            return Ended(read(new DatabaseSession(connection, transaction, cancellationToken)));
        },
        cancellationToken);

    /// <inheritdoc/>
    protected override Task<T> RunWriteAsync<T>(string owner, Func<DatabaseSession, ValueTask<T>> write, CancellationToken cancellationToken) => _writer.RunAsync(
        connection =>
        {
            using SqliteTransaction transaction = connection.BeginTransaction(deferred: false);
            T result = Ended(write(new DatabaseSession(connection, transaction, cancellationToken)));
            transaction.Commit();
            return result;
        },
        cancellationToken);

    /// <inheritdoc/>
    protected override bool IsFull(Exception exception) => exception is SqliteException { SqliteErrorCode: FullCode };

    /// <inheritdoc/>
    protected override bool IsDefect(Exception exception) => exception is SqliteException { SqliteErrorCode: ErrorCode or ConstraintCode or MismatchCode or MisuseCode or RangeCode };

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection(_connectionString);
        connection.Open();
        Execute(connection, "PRAGMA auto_vacuum = INCREMENTAL");
        Execute(connection, "PRAGMA journal_mode = WAL");
        Execute(connection, "PRAGMA synchronous = NORMAL");
        Execute(connection, "PRAGMA secure_delete = ON");
        Execute(connection, "PRAGMA journal_size_limit = 67108864");
        return connection;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        using SqliteDataReader reader = command.ExecuteReader();
        while (reader.Read())
        {
            // A vacuum gives back a page a row.
        }
    }

    /// <summary>SQLite's calls are done when they return, and work awaits nothing else.</summary>
    private static T Ended<T>(ValueTask<T> work) => work.IsCompleted
        ? work.GetAwaiter().GetResult()
        : throw new InvalidOperationException("Work of the database awaited something else than its session.");

    /// <summary>The folder and the file, for this user alone; SQLite gives its other files the rights of the first.</summary>
    private static void MakeFile(string folder)
    {
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(folder);
                return;
            }
            if (!Directory.Exists(folder))
                Directory.CreateDirectory(folder, Private | UnixFileMode.UserExecute);
            string file = Path.Combine(folder, FileName);
            using (new FileStream(file, new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite, UnixCreateMode = Private }))
                File.SetUnixFileMode(file, Private);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new OptionsException($"Nothing can be kept in {folder}: {exception.Message} Name a folder that this user may write with --data, or --data memory to keep nothing.");
        }
    }
}
