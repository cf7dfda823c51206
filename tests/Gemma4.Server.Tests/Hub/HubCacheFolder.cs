using System.Collections.Concurrent;
using Gemma4.Server.Hub;
using Xunit;

namespace Gemma4.Server.Tests.Hub;

/// <summary>A cache in a temporary folder, and hubs' models fetched into it.</summary>
internal sealed class HubCacheFolder : IDownloadProgress, IDisposable
{
    private long _bytes;

    /// <summary>Small ranges, short waits.</summary>
    public static readonly HubLimits Limits = new() { RangeBytes = 4096, ParallelRanges = 4, FirstPause = TimeSpan.FromMilliseconds(1), MaxPause = TimeSpan.FromMilliseconds(5) };

    /// <summary>The folder.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("gemma4-hub-").FullName;

    /// <summary>What a person who waits would have read.</summary>
    public ConcurrentQueue<string> Notes { get; } = new();

    /// <summary>Bytes that were reported, of those that were announced.</summary>
    public (long Bytes, long Total) Reported => (Interlocked.Read(ref _bytes), Total);

    private long Total { get; set; }

    /// <summary>The usual model.</summary>
    public static ModelName Name { get; } = ModelName.TryParse(LoopbackHub.Repository)!;

    /// <summary>Where its files lie.</summary>
    public string Repository => new HubCache(Path, usesLinks: true).FolderOf(LoopbackHub.Repository);

    /// <summary>The settings of a hub.</summary>
    public HubSettings Settings(LoopbackHub hub) => new() { Endpoint = hub.Endpoint, CacheFolder = Path, TokenFile = "/root/token", Token = hub.Token };

    /// <summary>Fetches from a hub, whatever the cache has.</summary>
    public Task<LocalModel> PullAsync(LoopbackHub hub, ModelName? name = null, HubLimits? limits = null, HubSettings? settings = null) =>
        Hub(hub, limits, settings).PullAsync(name ?? Name, this, TestContext.Current.CancellationToken);

    /// <summary>Fetches and says why it failed.</summary>
    public async Task<string> FailureAsync(LoopbackHub hub, ModelName? name = null, HubLimits? limits = null, HubSettings? settings = null) =>
        (await Assert.ThrowsAsync<HubException>(() => PullAsync(hub, name, limits, settings))).Message;

    /// <summary>Models of this cache.</summary>
    public ModelHub Hub(LoopbackHub hub, HubLimits? limits = null, HubSettings? settings = null) =>
        new(settings ?? Settings(hub), limits ?? Limits, TimeProvider.System, _ => FreeBytes);

    /// <summary>What the disk is said to have.</summary>
    public long FreeBytes { get; set; } = long.MaxValue;

    /// <summary>Whatever happened: what has a final name has the hub's bytes.</summary>
    public void AssertNothingWrong(LoopbackHub hub)
    {
        foreach (string blob in Files("blobs").Where(file => !file.Contains(".gemma4.", StringComparison.Ordinal)))
        {
            string path = Assert.Single(hub.Files.Keys, path => hub.HashOf(path) == System.IO.Path.GetFileName(blob));
            Assert.Equal(hub.Files[path], File.ReadAllBytes(blob));
        }
        foreach (string file in Files("snapshots"))
            Assert.Equal(hub.Files[System.IO.Path.GetRelativePath(System.IO.Path.Combine(Repository, "snapshots", hub.Commit), file)], File.ReadAllBytes(file));
    }

    /// <summary>All files below a folder of the repository.</summary>
    public string[] Files(string folder) => Directory.Exists(System.IO.Path.Combine(Repository, folder))
        ? Directory.GetFiles(System.IO.Path.Combine(Repository, folder), "*", SearchOption.AllDirectories) : [];

    public void Begin(string what, long totalBytes, long presentBytes) => (Total, _bytes) = (totalBytes, presentBytes);

    public void Advance(long bytes) => Interlocked.Add(ref _bytes, bytes);

    public void Note(string text) => Notes.Enqueue(text);

    public void End()
    {
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
