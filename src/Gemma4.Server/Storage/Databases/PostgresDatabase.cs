using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace Gemma4.Server.Storage.Databases;

/// <summary>PostgreSQL, shared by replicas.</summary>
/// <remarks>A transaction holds an advisory lock of its owner, so that those of one owner run one after the other as on SQLite, and what is counted and
/// referred to within an owner needs no further locks.</remarks>
internal sealed class PostgresDatabase : Database
{
    /// <summary>The owner that the schema's lock stands for; no caller is called so.</summary>
    private const string SchemaOwner = "schema";

    private const int MaxTries = 5;

    private readonly NpgsqlDataSource _source;
    private readonly ILogger _log;

    /// <param name="connectionString">As Npgsql takes it.</param>
    /// <param name="maxQueued">Most reads and writes that may wait.</param>
    /// <param name="health">Is told how it does.</param>
    /// <param name="log">Is told of migrations.</param>
    public PostgresDatabase(string connectionString, int maxQueued, StorageHealth health, ILogger log)
        : base(maxQueued, health)
    {
        // A server that is gone is noticed within seconds; what stands in the string itself comes later and wins.
        var settings = new NpgsqlConnectionStringBuilder($"Timeout=5;Command Timeout=10;Application Name=gemma4;{connectionString}");
        Name = $"PostgreSQL, {settings.Host}, database {settings.Database ?? settings.Username}";
        _source = NpgsqlDataSource.Create(settings);
        _log = log;
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override Task OpenAsync(CancellationToken cancellationToken) => WriteAsync(
        SchemaOwner,
        async session =>
        {
            await Schema.MigrateAsync(session, "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "BYTEA", Name, _log);
            return true;
        },
        cancellationToken);

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => _source.DisposeAsync();

    /// <inheritdoc/>
    protected override async Task<T> RunReadAsync<T>(Func<DatabaseSession, ValueTask<T>> read, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await _source.OpenConnectionAsync(cancellationToken);
        // One view of the database for all statements.
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellationToken);
        T result = await read(new DatabaseSession(connection, transaction, cancellationToken));
        await transaction.CommitAsync(cancellationToken);
        return result;
    }

    /// <inheritdoc/>
    protected override async Task<T> RunWriteAsync<T>(string owner, Func<DatabaseSession, ValueTask<T>> write, CancellationToken cancellationToken)
    {
        for (int tries = 1; ; tries++)
        {
            await using NpgsqlConnection connection = await _source.OpenConnectionAsync(cancellationToken);
            await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
            try
            {
                var session = new DatabaseSession(connection, transaction, cancellationToken);
                await session.QueryAsync("SELECT pg_advisory_xact_lock(@owner)", _ => true, ("@owner", LockOf(owner)));
                T result = await write(session);
                await transaction.CommitAsync(cancellationToken);
                return result;
            }
            catch (PostgresException exception) when (tries < MaxTries
                && exception.SqlState is PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure)
            {
                // The database asks for another try; nothing was written.
            }
        }
    }

    /// <inheritdoc/>
    protected override bool IsFull(Exception exception) => exception is PostgresException { SqlState: PostgresErrorCodes.DiskFull };

    private static long LockOf(string owner) => BinaryPrimitives.ReadInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(owner)));
}
