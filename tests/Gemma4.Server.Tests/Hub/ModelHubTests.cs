using Gemma4.Server.Hub;
using Xunit;

namespace Gemma4.Server.Tests.Hub;

/// <summary>Models fetched from a hub on the loopback that behaves.</summary>
public sealed class ModelHubTests : IDisposable
{
    private const int WeightBytes = 50_000;

    private readonly HubCacheFolder _cache = new();

    [Fact]
    public async Task A_model_is_fetched_into_the_layout_of_huggingface_hub()
    {
        await using LoopbackHub hub = await LoopbackHub.StartAsync(LoopbackHub.Model(WeightBytes));
        LocalModel model = await _cache.PullAsync(hub);
        Assert.Equal(Path.Combine(_cache.Repository, "snapshots", hub.Commit), model.Path);
        Assert.Equal(["chat_template.jinja", "config.json", "model.safetensors", "tokenizer.json"], Directory.GetFiles(model.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.All(Directory.GetFiles(model.Path), file => Assert.Equal($"../../blobs/{hub.HashOf(Path.GetFileName(file))}", new FileInfo(file).LinkTarget));
        Assert.Equal(hub.Commit, await File.ReadAllTextAsync(Path.Combine(_cache.Repository, "refs", "main"), TestContext.Current.CancellationToken));
        Assert.Equal(4, Directory.GetFiles(Path.Combine(_cache.Repository, "blobs")).Length); // nothing incomplete is left
        Assert.True(File.Exists(Path.Combine(_cache.Path, ".locks", "models--google--gemma-4-E2B-it", hub.HashOf("model.safetensors") + ".lock")));
        _cache.AssertNothingWrong(hub);
        Assert.Equal(_cache.Reported.Total, _cache.Reported.Bytes);
        Assert.Equal(model.SizeBytes, _cache.Reported.Total);
    }

    [Fact]
    public async Task Large_files_come_in_ranges_and_small_ones_whole()
    {
        await using LoopbackHub hub = await LoopbackHub.StartAsync(LoopbackHub.Model(WeightBytes));
        await _cache.PullAsync(hub);
        HubRequest[] ranges = [.. hub.Requests.Where(r => r.IsStorage && r.Range is not null)];
        Assert.Equal((WeightBytes + 4095) / 4096, ranges.Length);
        Assert.Contains(ranges, r => r.Range == $"bytes={WeightBytes / 4096 * 4096}-{WeightBytes - 1}");
        Assert.All(hub.Requests.Where(r => r.Path.EndsWith("config.json", StringComparison.Ordinal)), r => Assert.Null(r.Range));
    }

    [Fact]
    public async Task What_is_in_the_cache_is_used_without_asking_the_hub()
    {
        await using LoopbackHub hub = await LoopbackHub.StartAsync(LoopbackHub.Model(WeightBytes));
        LocalModel fetched = await _cache.PullAsync(hub);
        hub.Requests.Clear();
        Assert.Equal(fetched.Path, (await _cache.Hub(hub).GetAsync(HubCacheFolder.Name, _cache, TestContext.Current.CancellationToken)).Path);
        Assert.Empty(hub.Requests);
    }

    [Fact]
    public async Task A_new_commit_is_fetched_by_pull_and_shares_the_files_that_stayed()
    {
        (string Path, byte[] Bytes)[] files = LoopbackHub.Model(WeightBytes);
        await using LoopbackHub old = await LoopbackHub.StartAsync(files);
        await _cache.PullAsync(old);
        files[0] = ("config.json", [.. "{}"u8]);
        await using LoopbackHub changed = await LoopbackHub.StartAsync(files);
        changed.Commit = new string('b', 40);
        LocalModel model = await _cache.PullAsync(changed);
        Assert.EndsWith(changed.Commit, model.Path, StringComparison.Ordinal);
        Assert.Equal("{}", await File.ReadAllTextAsync(Path.Combine(model.Path, "config.json"), TestContext.Current.CancellationToken));
        Assert.DoesNotContain(changed.Requests, r => r.IsStorage);
        Assert.Equal(2, Directory.GetDirectories(Path.Combine(_cache.Repository, "snapshots")).Length);
    }

    [Fact]
    public async Task A_snapshot_that_lacks_a_file_of_its_index_is_completed()
    {
        (string Path, byte[] Bytes)[] files =
        [
            .. LoopbackHub.Model(WeightBytes).Where(f => f.Path != "model.safetensors"),
            ("model-00001-of-00002.safetensors", LoopbackHub.Random(5000, 7)),
            ("model-00002-of-00002.safetensors", LoopbackHub.Random(5000, 8)),
            (ModelFiles.IndexFile, [.. """{"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}"""u8]),
        ];
        await using LoopbackHub hub = await LoopbackHub.StartAsync(files);
        LocalModel model = await _cache.PullAsync(hub);
        File.Delete(Path.Combine(model.Path, "model-00002-of-00002.safetensors"));
        Assert.Null(_cache.Hub(hub).Cache.Find(HubCacheFolder.Name));
        hub.Requests.Clear();
        await _cache.Hub(hub).GetAsync(HubCacheFolder.Name, _cache, TestContext.Current.CancellationToken);
        Assert.DoesNotContain(hub.Requests, r => r.IsStorage); // the blob was still there
        Assert.NotNull(_cache.Hub(hub).Cache.Find(HubCacheFolder.Name));
    }

    [Fact]
    public async Task Where_links_are_not_allowed_files_are_copied()
    {
        await using LoopbackHub hub = await LoopbackHub.StartAsync(LoopbackHub.Model(WeightBytes));
        LocalModel model = await _cache.PullAsync(hub, settings: _cache.Settings(hub) with { UsesLinks = false });
        Assert.All(Directory.GetFiles(model.Path), file => Assert.Null(new FileInfo(file).LinkTarget));
        _cache.AssertNothingWrong(hub);
        Assert.NotNull(_cache.Hub(hub).Cache.Find(HubCacheFolder.Name));
    }

    [Fact]
    public async Task The_token_goes_to_the_hub_and_not_to_its_storage()
    {
        await using LoopbackHub hub = await LoopbackHub.StartAsync(LoopbackHub.Model(WeightBytes), token: "hf_secret");
        await _cache.PullAsync(hub);
        Assert.Contains(hub.Requests, r => r.IsStorage);
        Assert.All(hub.Requests, r => Assert.Equal(r.IsStorage ? null : "Bearer hf_secret", r.Authorization));
    }

    [Fact]
    public async Task A_commit_is_fetched_by_its_hash_and_then_known_without_a_reference()
    {
        await using LoopbackHub hub = await LoopbackHub.StartAsync(LoopbackHub.Model(WeightBytes));
        ModelName pinned = ModelName.TryParse(LoopbackHub.Repository, hub.Commit)!;
        await _cache.PullAsync(hub, pinned);
        Assert.Empty(_cache.Files("refs"));
        Assert.NotNull(_cache.Hub(hub).Cache.Find(pinned));
        Assert.Null(_cache.Hub(hub).Cache.Find(HubCacheFolder.Name));
    }

    [Fact]
    public async Task Offline_uses_the_cache_alone()
    {
        await using LoopbackHub hub = await LoopbackHub.StartAsync(LoopbackHub.Model(WeightBytes));
        HubSettings offline = _cache.Settings(hub) with { IsOffline = true };
        string refused = (await Assert.ThrowsAsync<HubException>(() => _cache.Hub(hub, settings: offline).GetAsync(HubCacheFolder.Name, _cache, TestContext.Current.CancellationToken))).Message;
        Assert.Contains("HF_HUB_OFFLINE", refused, StringComparison.Ordinal);
        Assert.Contains("gemma4 pull google/gemma-4-E2B-it", refused, StringComparison.Ordinal);
        Assert.Empty(hub.Requests);
        await _cache.PullAsync(hub);
        Assert.NotNull(await _cache.Hub(hub, settings: offline).GetAsync(HubCacheFolder.Name, _cache, TestContext.Current.CancellationToken));
    }

    public void Dispose() => _cache.Dispose();
}
