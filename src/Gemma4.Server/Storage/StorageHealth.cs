using System.Diagnostics.Metrics;
using Gemma4.Engine;

namespace Gemma4.Server.Storage;

/// <summary>How the database does: what the log, the metrics and readiness tell of it.</summary>
internal sealed class StorageHealth
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Gemma4.Storage";

    private readonly ILogger<StorageHealth> _log;
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _notKept;
    private volatile string? _fault;

    public StorageHealth(IMeterFactory meters, ILogger<StorageHealth> log)
    {
        _log = log;
        Meter meter = meters.Create(MeterName);
        _duration = meter.CreateHistogram("gemma4.storage.duration", "s", "Time of a read or write of the database, the wait for it included.", advice: DurationBuckets.Seconds);
        _notKept = meter.CreateCounter<long>("gemma4.storage.not_kept", "{answer}", "Answers that were to be kept and went out without being kept.");
        _notKept.Add(0);
        meter.CreateObservableGauge("gemma4.storage.up", () => _fault is null ? 1 : 0, null, "1 while the database does what it is asked to.");
    }

    /// <summary>What is wrong with the database; null while nothing is.</summary>
    public string? Fault => _fault;

    /// <summary>The database did what it was asked to.</summary>
    public void Succeeded(string operation, TimeSpan duration)
    {
        _duration.Record(duration.TotalSeconds, KeyValuePair.Create<string, object?>("operation", operation));
        // What can be read may still not be written.
        if (_fault is null || operation == "read")
            return;
        _fault = null;
        _log.Recovered();
    }

    /// <summary>The database did not.</summary>
    /// <returns>What the caller is told.</returns>
    public StorageException Failed(string operation, TimeSpan duration, Exception exception, bool isFull)
    {
        _duration.Record(
            duration.TotalSeconds, KeyValuePair.Create<string, object?>("operation", operation), KeyValuePair.Create<string, object?>("error.type", isFull ? "full" : "failed"));
        string fault = isFull ? StorageFaults.Full : StorageFaults.Silent;
        if (_fault != fault)
            _log.Failed(fault, exception.Message);
        _log.FailedAt(exception);
        _fault = fault;
        return new StorageException($"What this server keeps cannot be reached now: {fault}. Please try again.", exception);
    }

    /// <summary>It has not been opened yet.</summary>
    public static StorageException NotOpen() => new($"What this server keeps cannot be reached now: {StorageFaults.Silent}. Please try again.");

    /// <summary>As much waits for the database as may.</summary>
    public static StorageException Overloaded() =>
        new("What this server keeps cannot be reached now: too much waits for its database (option Storage:MaxQueued). Please try again.");

    /// <summary>An answer goes out without being kept.</summary>
    public void CountNotKept(string why)
    {
        _notKept.Add(1);
        _log.NotKept(why);
    }
}

/// <summary>What can be wrong with a database, in words for everybody.</summary>
internal static class StorageFaults
{
    public const string Full = "there is no room left where the database lies", Silent = "the database does not answer";
}
