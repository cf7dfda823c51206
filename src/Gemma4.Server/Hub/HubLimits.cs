namespace Gemma4.Server.Hub;

/// <summary>What a download may take and how it is cut. The defaults are for the real hub; tests make them small.</summary>
internal sealed record HubLimits
{
    /// <summary>A file is fetched in ranges of this many bytes. 60 GB are some 1,900 requests, below the 3,000 that the hub lets anybody make in
    /// 5 minutes (huggingface.co/docs/hub/rate-limits).</summary>
    public long RangeBytes { get; init; } = 32L << 20;

    /// <summary>Ranges of one file that are fetched at once.</summary>
    public int ParallelRanges { get; init; } = 8;

    /// <summary>Failures in a row after which a request is given up.</summary>
    public int MaxAttempts { get; init; } = 5;

    /// <summary>The wait after the first failure; it doubles with each further one.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait, also where a server asks for a longer one.</summary>
    public TimeSpan MaxPause { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>A connection that brings nothing for so long is broken.</summary>
    public TimeSpan Stall { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Redirects of one request.</summary>
    public int MaxRedirects { get; init; } = 5;

    /// <summary>Bytes of one page of a repository's list of files.</summary>
    public int MaxPageBytes { get; init; } = 32 << 20;

    /// <summary>Pages of that list.</summary>
    public int MaxPages { get; init; } = 100;

    /// <summary>Entries of that list.</summary>
    public int MaxEntries { get; init; } = 20_000;

    /// <summary>Bytes of all files of a model together: far above any, and below where sums overflow.</summary>
    public long MaxModelBytes { get; init; } = 16L << 40;
}
