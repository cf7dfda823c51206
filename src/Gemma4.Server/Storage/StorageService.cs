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

    /// <summary>What is still being written after this is written by nobody.</summary>
    private static readonly TimeSpan MaxUploadTime = TimeSpan.FromDays(1);

    private bool _isOpen, _isStarted;

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => TryOpenAsync(cancellationToken);

    /// <summary>Says where things are kept once the server listens: a start that fails says only why.</summary>
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        _isStarted = true;
        if (_isOpen)
            log.Opened(database.Name, options.Value.RetentionDays);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Forgets what is older than its retention or beyond the limits, and gives its room back.</summary>
    /// <exception cref="StorageException">The database does not answer.</exception>
    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        long now = time.GetUtcNow().ToUnixTimeMilliseconds();
        long since = now - (long)TimeSpan.FromDays(options.Value.RetentionDays).TotalMilliseconds;
        while (await OwnerOfGoneAsync(now, since, cancellationToken) is { } owner)
            await ForgetGoneAsync(owner, now, since, cancellationToken);
        while (await AbandonedUploadAsync(now, cancellationToken) is { } upload)
            await ForgetUploadAsync(upload.Owner, upload.Name, cancellationToken);
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
            catch (Exception exception)
            {
                // A fault of the program's: what else the loop does goes on.
                log.SweepFailed(exception);
            }
        }
    }

    private async Task TryOpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            await database.OpenAsync(cancellationToken);
            _isOpen = true;
            if (_isStarted)
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

    private Task<string?> OwnerOfGoneAsync(long now, long since, CancellationToken cancellationToken) => database.ReadAsync(
        session => session.FirstAsync($"SELECT owner FROM entries WHERE {OwnerRows.IsGone} LIMIT 1", row => row.GetString(0), ("@now", now), ("@since", since)),
        cancellationToken);

    /// <summary>A content whose sender left long ago, or whose server died.</summary>
    private Task<Upload?> AbandonedUploadAsync(long now, CancellationToken cancellationToken) => database.ReadAsync(
        session => session.FirstAsync(
            "SELECT owner, hash FROM blobs WHERE of_file = 1 AND hash > @first AND hash < @last LIMIT 1", row => new Upload(row.GetString(0), row.GetString(1)),
            ("@first", OwnerFiles.UploadsBefore(0)), ("@last", OwnerFiles.UploadsBefore(now - (long)MaxUploadTime.TotalMilliseconds))),
        cancellationToken);

    private Task<bool> ForgetUploadAsync(string owner, string upload, CancellationToken cancellationToken) => database.WriteAsync(
        owner,
        async session =>
        {
            await new OwnerFiles(session, owner).RemoveUploadAsync(upload);
            return true;
        },
        cancellationToken);

    private Task<string?> OwnerOfMostAsync(CancellationToken cancellationToken) => database.ReadAsync(
        session => session.FirstAsync("SELECT owner FROM holdings ORDER BY bytes DESC LIMIT 1", row => row.GetString(0)), cancellationToken);

    private Task<bool> ForgetGoneAsync(string owner, long now, long since, CancellationToken cancellationToken) => database.WriteAsync(
        owner,
        async session =>
        {
            var rows = new OwnerRows(session, owner, now, since);
            foreach (long key in await rows.GoneAsync(MaxAtOnce))
                await rows.ForgetAsync(key);
            return true;
        },
        cancellationToken);

    private Task<bool> TrimAsync(string owner, CancellationToken cancellationToken) => database.WriteAsync(
        owner, session => new OwnerRows(session, owner, 0, 0).TrimAsync(options.Value.MaxEntries, options.Value.MaxBytes, MaxAtOnce), cancellationToken);

    private sealed record Upload(string Owner, string Name);
}
