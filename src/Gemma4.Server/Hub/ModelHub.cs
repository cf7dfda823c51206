namespace Gemma4.Server.Hub;

/// <summary>Models by name: from the cache where they lie there, else from the hub.</summary>
internal sealed class ModelHub(HubSettings settings, HubLimits limits, TimeProvider time, Func<string, long> freeBytes)
{
    private readonly HubCache _cache = new(settings.CacheFolder, settings.UsesLinks);

    /// <summary>With the usual limits.</summary>
    public ModelHub(HubSettings settings)
        : this(settings, new HubLimits(), TimeProvider.System, DiskFaults.FreeBytes)
    {
    }

    /// <summary>The cache.</summary>
    public HubCache Cache => _cache;

    /// <summary>Finds a model in the cache, and fetches it where it is not there. The hub is not asked whether it has a newer one.</summary>
    /// <exception cref="HubException">It is not to be had.</exception>
    public async Task<LocalModel> GetAsync(ModelName model, IDownloadProgress progress, CancellationToken cancellationToken) =>
        _cache.Find(model) ?? await PullAsync(model, progress, cancellationToken);

    /// <summary>Asks the hub which commit the model's revision is at, and fetches what of it is missing.</summary>
    /// <exception cref="HubException">It is not to be had.</exception>
    public async Task<LocalModel> PullAsync(ModelName model, IDownloadProgress progress, CancellationToken cancellationToken)
    {
        if (settings.IsOffline)
        {
            throw new HubException($"{model} is not complete in {settings.CacheFolder}, and HF_HUB_OFFLINE forbids to fetch it. "
                + $"Unset it, or run 'gemma4 pull {model}' where there is a network and bring that folder here.");
        }
        using var client = new HubClient(settings, limits, time);
        var retry = new HubRetry(limits, settings, time, progress);
        string commit = await retry.RunAsync(() => client.CommitAsync(model, cancellationToken), cancellationToken);
        IReadOnlyList<HubFile> all = await retry.RunAsync(() => client.FilesAsync(model, commit, cancellationToken), cancellationToken);
        ModelFiles files = ModelFiles.Choose(model, all);
        Check(model, files);
        try
        {
            await FetchAsync(client, model, commit, files, progress, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Failures of the network have become others by here.
            throw DiskFaults.Of(exception, settings.CacheFolder);
        }
        return _cache.Local(model, commit, files);
    }

    private void Check(ModelName model, ModelFiles files)
    {
        foreach (HubFile file in files.Files)
            file.Check(model);
        if (files.Files.Any(file => file.Size > limits.MaxModelBytes) || files.SizeBytes > limits.MaxModelBytes)
            throw new HubException($"{model.Repository} lists more than {HubText.Bytes(limits.MaxModelBytes)}, which no model has. Nothing was fetched.");
        HubFile[] absent = [.. files.Files.Where(file => !HasBlob(model, file))];
        long needed = absent.Where(file => !File.Exists(BlobDownload.IncompleteOf(_cache.BlobOf(model.Repository, file)))).Sum(file => file.Size);
        DiskFaults.CheckSpace(model, needed, settings.CacheFolder, freeBytes(settings.CacheFolder));
    }

    private async Task FetchAsync(HubClient client, ModelName model, string commit, ModelFiles files, IDownloadProgress progress, CancellationToken cancellationToken)
    {
        _cache.Prepare(model.Repository);
        HubFile[] missing = [.. files.Files.Where(file => !_cache.HasFile(model, commit, file))];
        if (missing.Length > 0)
        {
            progress.Begin(model.ToString(), files.SizeBytes, files.SizeBytes - missing.Sum(file => file.Size));
            try
            {
                // The small ones first: a configuration that is refused costs no weights.
                foreach (HubFile file in missing.OrderBy(file => file.Size))
                    await FetchAsync(client, model, commit, file, progress, cancellationToken);
            }
            finally
            {
                progress.End();
            }
        }
        _cache.SetCommit(model, commit);
    }

    private async Task FetchAsync(HubClient client, ModelName model, string commit, HubFile file, IDownloadProgress progress, CancellationToken cancellationToken)
    {
        using IDisposable held = await FileLock.AcquireAsync(
            _cache.LockOf(model.Repository, file), () => progress.Note($"Another process is fetching {file.Name}: waiting for it."), time, cancellationToken);
        if (HasBlob(model, file) || _cache.HasFile(model, commit, file))
            progress.Advance(file.Size);
        else
            await new BlobDownload(client, _cache, settings, limits, time, progress).RunAsync(model, commit, file, cancellationToken);
        _cache.Link(model, commit, file);
    }

    private bool HasBlob(ModelName model, HubFile file)
    {
        var blob = new FileInfo(_cache.BlobOf(model.Repository, file));
        return blob.Exists && blob.Length == file.Size;
    }
}
