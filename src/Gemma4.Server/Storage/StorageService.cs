using Gemma4.Server.Settings;
using Gemma4.Server.Storage.Databases;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Storage;

/// <summary>Opens the database before the server listens, forgets what is old, and looks after a database that failed.</summary>
/// <remarks>A place that cannot be used ends the start. A server that does not answer does not: answers go out without it, and it is tried again.</remarks>
internal sealed class StorageService(
    Database database, StorageHealth health, IOptions<StorageOptions> options, TimeProvider time, ILogger<StorageService> log) : BackgroundService, IHostedLifecycleService
{
    /// <summary>Entries that one transaction forgets at most: others wait for it.</summary>
    private const int MaxAtOnce = 50;

    /// <summary>How often what failed is tried again, and how many of these turns lie between two sweeps.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private const int TurnsBetweenSweeps = 12;

    private bool _isOpen;

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => TryOpenAsync(cancellationToken);

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Forgets what is older than its retention or beyond the limits, and gives its room back.</summary>
    /// <exception cref="StorageException">The database does not answer.</exception>
    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        long since = time.GetUtcNow().ToUnixTimeMilliseconds() - (long)TimeSpan.FromDays(options.Value.RetentionDays).TotalMilliseconds;
        while (await OwnerOfOldestAsync(since, cancellationToken) is { } owner)
            await ForgetOldAsync(owner, since, cancellationToken);
        while (await OwnerOfMostAsync(cancellationToken) is { } owner && !await TrimAsync(owner, cancellationToken))
        {
            // Some at a time, so that others come in between.
        }
        await database.ShrinkAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (int turn = 1; !stoppingToken.IsCancellationRequested; turn++)
        {
            await Task.Delay(Interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                if (!_isOpen)
                    await TryOpenAsync(stoppingToken);
                else if (health.Fault is not null)
                    await ProbeAsync(stoppingToken);
                else if (turn % TurnsBetweenSweeps == 0)
                    await SweepAsync(stoppingToken);
            }
            catch (StorageException)
            {
                // Said by its health; tried again at the next turn.
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task TryOpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            await database.OpenAsync(cancellationToken);
            _isOpen = true;
            log.Opened(database.Name, options.Value.RetentionDays);
        }
        catch (StorageException)
        {
            // Said by its health.
        }
    }

    /// <summary>A write that changes nothing: its success says that the database is well again.</summary>
    public Task ProbeAsync(CancellationToken cancellationToken) =>
        database.WriteAsync("", session => session.ExecuteAsync("UPDATE schema_version SET version = version"), cancellationToken);

    private Task<string?> OwnerOfOldestAsync(long since, CancellationToken cancellationToken) => database.ReadAsync(
        session => session.FirstAsync(
            $"SELECT owner FROM entries WHERE used < @since AND hidden = 0 AND kind IN ({OwnerRows.Passing}) LIMIT 1", row => row.GetString(0), ("@since", since)),
        cancellationToken);

    private Task<string?> OwnerOfMostAsync(CancellationToken cancellationToken) => database.ReadAsync(
        session => session.FirstAsync("SELECT owner FROM holdings ORDER BY bytes DESC LIMIT 1", row => row.GetString(0)), cancellationToken);

    private Task<bool> ForgetOldAsync(string owner, long since, CancellationToken cancellationToken) => database.WriteAsync(
        owner,
        async session =>
        {
            var rows = new OwnerRows(session, owner, since);
            foreach (long key in await rows.OlderAsync(since, MaxAtOnce))
                await rows.ForgetAsync(key);
            return true;
        },
        cancellationToken);

    private Task<bool> TrimAsync(string owner, CancellationToken cancellationToken) => database.WriteAsync(
        owner, session => new OwnerRows(session, owner, 0).TrimAsync(options.Value.MaxEntries, options.Value.MaxBytes, MaxAtOnce), cancellationToken);
}
