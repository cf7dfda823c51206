using System.ComponentModel.DataAnnotations;

namespace Gemma4.Server.Settings;

/// <summary>Where what was asked is kept, and for how long. Section <c>Storage</c>.</summary>
internal sealed class StorageOptions : IValidatableObject
{
    public const string Section = "Storage";

    /// <summary>The value of <see cref="Data"/> that keeps nothing on disk.</summary>
    public const string Memory = "memory";

    private const int MegabytesOnDisk = 4096, MegabytesInMemory = 256;

    /// <summary>A folder for a database of this machine; <c>memory</c> for none that outlives the process; or a PostgreSQL connection string, as in
    /// <c>Host=db;Database=gemma4;Username=gemma4</c>. Null is <c>gemma4</c> in the user's state folder (<c>XDG_STATE_HOME</c>, else <c>~/.local/state</c>).</summary>
    public string? Data { get; set; }

    /// <summary>How long responses, chat completions, conversations and ended batches are kept since they were last added to, in days.</summary>
    [Range(1, 36_500)]
    public int RetentionDays { get; set; } = 30;

    /// <summary>Most responses, chat completions, conversations and ended batches that are kept for one caller; the oldest go first. 0 keeps none.</summary>
    [Range(0, 100_000_000)]
    public int MaxEntries { get; set; } = 100_000;

    /// <summary>Most megabytes that those of all callers hold together; the oldest of the caller who holds most go first. Null is 4096, in memory 256.</summary>
    [Range(1, 100_000_000)]
    public int? MaxMegabytes { get; set; }

    /// <summary>Most bytes of one file. A file is read and written part by part and may be larger than a body of JSON.</summary>
    [Range(1d, 1L << 40)]
    public long MaxFileBytes { get; set; } = 512L << 20;

    /// <summary>Most megabytes of one caller's files; more is refused, and none is forgotten to make room.</summary>
    [Range(1, 100_000_000)]
    public int MaxFileMegabytes { get; set; } = 4096;

    /// <summary>Most reads and writes that may wait for the database; further ones fail at once.</summary>
    [Range(1, 1_000_000)]
    public int MaxQueued { get; set; } = 1024;

    /// <summary>How long the end of an answer waits until it is kept, in milliseconds. Past it the answer goes out and says that it is not kept.</summary>
    [Range(1, 600_000)]
    public int WaitMilliseconds { get; set; } = 1000;

    /// <summary>How long work in the background stays with a server that no longer says that it lives, in seconds.</summary>
    [Range(1, 3600)]
    public int LeaseSeconds { get; set; } = 30;

    /// <summary>Most bytes that are kept.</summary>
    internal long MaxBytes => 1_000_000L * (MaxMegabytes ?? (IsMemory ? MegabytesInMemory : MegabytesOnDisk));

    /// <summary>Whether nothing outlives the process.</summary>
    internal bool IsMemory => Data == Memory;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Data is not null && string.IsNullOrWhiteSpace(Data))
            yield return new ValidationResult("it is empty; name a folder, 'memory' or a PostgreSQL connection string, or leave it away.", [nameof(Data)]);
        else if (Data?.Contains("://", StringComparison.Ordinal) == true)
            yield return new ValidationResult("a database is named by a connection string, as in Host=db;Database=gemma4;Username=gemma4, not by a URL.", [nameof(Data)]);
    }
}
