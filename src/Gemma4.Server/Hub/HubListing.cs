namespace Gemma4.Server.Hub;

/// <summary>What lies in the cache.</summary>
internal static class HubListing
{
    private const string FolderMark = "models--";

    /// <summary>Its models, by name; whatever else lies there is left out.</summary>
    public static IReadOnlyList<CachedModel> Of(HubCache cache) => !Directory.Exists(cache.Root) ? [] :
    [
        .. Directory.EnumerateDirectories(cache.Root, FolderMark + "*")
            .Select(folder => ModelName.TryParse(Path.GetFileName(folder)[FolderMark.Length..].Replace("--", "/", StringComparison.Ordinal)))
            .OfType<ModelName>()
            .SelectMany(model => Snapshots(cache, model))
            .OrderBy(model => model.Name, StringComparer.Ordinal),
    ];

    /// <summary>Names of the complete ones, for a shell that completes them.</summary>
    public static IEnumerable<string> Names()
    {
        try
        {
            HubSettings settings = HubSettings.Read();
            return Of(new HubCache(settings.CacheFolder, settings.UsesLinks)).Where(model => model.Form != "incomplete").Select(model => model.Name).Distinct();
        }
        catch (Exception exception) when (exception is HubException or IOException or UnauthorizedAccessException)
        {
            return []; // a shell that completes has no place for a message; the command itself says what is wrong
        }
    }

    private static IEnumerable<CachedModel> Snapshots(HubCache cache, ModelName model)
    {
        string snapshots = Path.Combine(cache.FolderOf(model.Repository), "snapshots");
        if (!Directory.Exists(snapshots))
            yield break;
        ILookup<string, string> references = References(cache, model);
        foreach (string folder in Directory.EnumerateDirectories(snapshots))
        {
            string commit = Path.GetFileName(folder), revision = string.Join(' ', references[commit].Append(commit[..Math.Min(8, commit.Length)]));
            IReadOnlyList<HubFile> files = HubCache.FilesOf(folder);
            HubFile[][] ggufs = GgufFiles.Models(files);
            foreach (HubFile[] parts in ggufs)
            {
                string name = GgufFiles.QuantizationOf(parts[0]) is { } quantization ? $"{model.Repository}:{quantization}" : model.Repository;
                yield return new CachedModel(name, revision, GgufFiles.IsWhole(parts) ? "gguf" : "incomplete", parts.Sum(part => part.Size), Path.Combine(folder, parts[0].Path));
            }
            if (ggufs.Length == 0 || files.Any(file => file.Path.EndsWith(".safetensors", StringComparison.Ordinal)))
            {
                bool isWhole = cache.Find(model with { Revision = commit }) is { Mmproj: null } found && found.Path == folder;
                yield return new CachedModel(model.Repository, revision, isWhole ? "safetensors" : "incomplete", files.Sum(file => file.Size), folder);
            }
        }
    }

    /// <summary>Commits to the branches and tags that are at them.</summary>
    private static ILookup<string, string> References(HubCache cache, ModelName model)
    {
        string folder = Path.Combine(cache.FolderOf(model.Repository), "refs");
        IEnumerable<string> files = Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories) : [];
        return files.Select(file => Path.GetRelativePath(folder, file).Replace('\\', '/'))
            .Where(ModelName.IsRevision)
            .ToLookup(revision => cache.CommitOf(model with { Revision = revision }) ?? "", revision => revision);
    }
}
