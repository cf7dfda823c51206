using Gemma4.Server.Storage;
using Gemma4.Server.Storage.Databases;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gemma4.Server.Tests.Storage;

/// <summary>A database in memory that fails or hangs when a test says so.</summary>
internal sealed class FaultyDatabase : Database
{
    private readonly SqliteDatabase _inner;

    public FaultyDatabase(StorageHealth health, int maxQueued = 1024)
        : base(maxQueued, health) => _inner = new SqliteDatabase(null, 1024, health, NullLogger.Instance);

    /// <summary>What it throws; null where it works.</summary>
    public Exception? Fault { get; set; }

    /// <summary>What every access waits for.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    public override string Name => "a test";

    public override ValueTask DisposeAsync() => _inner.DisposeAsync();

    protected override async Task<bool> MigrateAsync(CancellationToken cancellationToken)
    {
        await _inner.OpenAsync(cancellationToken);
        return true;
    }

    protected override async Task<T> RunReadAsync<T>(Func<DatabaseSession, ValueTask<T>> read, CancellationToken cancellationToken)
    {
        await PassAsync(cancellationToken);
        return await _inner.ReadAsync(read, cancellationToken);
    }

    protected override async Task<T> RunWriteAsync<T>(string owner, Func<DatabaseSession, ValueTask<T>> write, CancellationToken cancellationToken)
    {
        await PassAsync(cancellationToken);
        return await _inner.WriteAsync(owner, write, cancellationToken);
    }

    protected override bool IsFull(Exception exception) => exception.Message == "full";

    protected override bool IsDefect(Exception exception) => false;

    private async Task PassAsync(CancellationToken cancellationToken)
    {
        await Gate.WaitAsync(cancellationToken);
        if (Fault is { } fault)
            throw fault;
    }
}
