using System.Text.Json;
using System.Text.RegularExpressions;

namespace Gemma4.Server.Hub;

/// <summary>The folder where models lie, laid out as huggingface_hub does it, so that its tools and ours use one copy.</summary>
/// <remarks>
/// <code>
/// models--org--name/refs/main                          the commit that the branch was at
/// models--org--name/blobs/HASH                         the bytes of a file, named by what they hash to
/// models--org--name/snapshots/COMMIT/config.json       a symbolic link to ../../blobs/HASH
/// .locks/models--org--name/HASH.lock                   held by whoever fetches that file
/// </code>
/// huggingface.co/docs/huggingface_hub/guides/manage-cache, and its <c>file_download.py</c>.
/// </remarks>
internal sealed partial class HubCache(string root, bool usesLinks)
{
    private const int MaxIndexBytes = 64 << 20;

    /// <summary>The tag by which backup programs leave out what can be fetched again (bford.info/cachedir).</summary>
    private const string CacheTag = "CACHEDIR.TAG", CacheTagText = "Signature: 8a477f597d28d172789f06886806bc55\n";

    /// <summary>The folder.</summary>
    public string Root => root;

    /// <summary>The folder of a repository.</summary>
    public string FolderOf(string repository) => Path.Combine(root, "models--" + repository.Replace("/", "--", StringComparison.Ordinal));

    /// <summary>Where the bytes of a file lie once they are complete.</summary>
    public string BlobOf(string repository, HubFile file) => Path.Combine(FolderOf(repository), "blobs", file.Hash);

    /// <summary>Where a file of a commit lies under its own name.</summary>
    public string PathOf(string repository, string commit, string file) => Path.Combine(FolderOf(repository), "snapshots", commit, file);

    /// <summary>The file that is locked while a file is fetched.</summary>
    public string LockOf(string repository, HubFile file) => Path.Combine(root, ".locks", Path.GetFileName(FolderOf(repository)), file.Hash + ".lock");

    /// <summary>The commit of a revision, as it was last fetched; null where it never was.</summary>
    public string? CommitOf(ModelName model)
    {
        if (model.IsCommit)
            return model.Revision;
        string file = Path.Combine(FolderOf(model.Repository), "refs", model.Revision);
        if (!File.Exists(file) || new FileInfo(file).Length > 64)
            return null;
        string commit = File.ReadAllText(file).Trim();
        return Commit().IsMatch(commit) ? commit : null;
    }

    /// <summary>Finds a model all of whose files are there.</summary>
    /// <returns>Null where it was never fetched, or not to its end.</returns>
    public LocalModel? Find(ModelName model)
    {
        if (CommitOf(model) is not { } commit || !Directory.Exists(PathOf(model.Repository, commit, "")))
            return null;
        string folder = PathOf(model.Repository, commit, "");
        IReadOnlyList<HubFile> present = FilesOf(folder);
        try
        {
            ModelFiles files = ModelFiles.Choose(model, present);
            return files.Gguf is not null || HasAllWeights(folder, present) ? Local(model, commit, files) : null;
        }
        catch (HubException)
        {
            // What lies here is no whole model; the hub may have the rest, and says what is wrong if it has not.
            return null;
        }
    }

    /// <summary>A chosen model under its names in the cache.</summary>
    public LocalModel Local(ModelName model, string commit, ModelFiles files) => new(
        PathOf(model.Repository, commit, files.Gguf?.Path ?? "").TrimEnd(Path.DirectorySeparatorChar),
        files.Mmproj is null ? null : PathOf(model.Repository, commit, files.Mmproj.Path),
        commit,
        files.SizeBytes);

    /// <summary>Gives a complete file its name in a commit.</summary>
    public void Link(ModelName model, string commit, HubFile file)
    {
        string name = PathOf(model.Repository, commit, file.Path), blob = BlobOf(model.Repository, file);
        if (HasFile(name, file.Size))
            return;
        Directory.CreateDirectory(Path.GetDirectoryName(name)!);
        File.Delete(name);
        if (usesLinks && TryLink(name, blob))
            return;
        // As huggingface_hub does where links are not allowed. Copied beside and moved, so that no half file has the name.
        string copy = $"{name}.{Guid.NewGuid():N}.tmp";
        File.Copy(blob, copy);
        File.Move(copy, name, overwrite: true);
    }

    /// <summary>Whether a file of a commit is there under its name, whole.</summary>
    public bool HasFile(ModelName model, string commit, HubFile file) => HasFile(PathOf(model.Repository, commit, file.Path), file.Size);

    /// <summary>Notes the commit that a branch or tag is at. Last of all: no reference leads to half a snapshot.</summary>
    public void SetCommit(ModelName model, string commit)
    {
        if (model.Revision == commit)
            return;
        string file = Path.Combine(FolderOf(model.Repository), "refs", model.Revision);
        if (File.Exists(file) && File.ReadAllText(file) == commit)
            return;
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        string temporary = $"{file}.{Guid.NewGuid():N}.tmp";
        File.WriteAllText(temporary, commit);
        File.Move(temporary, file, overwrite: true);
    }

    /// <summary>Makes the folders of a repository.</summary>
    public void Prepare(string repository)
    {
        Directory.CreateDirectory(Path.Combine(FolderOf(repository), "blobs"));
        Directory.CreateDirectory(Path.Combine(FolderOf(repository), "snapshots")); // without it huggingface_hub calls the cache corrupted
        Directory.CreateDirectory(Path.Combine(root, ".locks", Path.GetFileName(FolderOf(repository))));
        string tag = Path.Combine(root, CacheTag);
        if (!File.Exists(tag))
            File.WriteAllText(tag, CacheTagText);
    }

    /// <summary>The files of a snapshot that are whole; a link to nothing is none.</summary>
    public static IReadOnlyList<HubFile> FilesOf(string snapshot) =>
    [
        .. Directory.EnumerateFiles(snapshot, "*", SearchOption.AllDirectories)
            .Where(File.Exists)
            .Select(file => new HubFile(Path.GetRelativePath(snapshot, file).Replace('\\', '/'), Length(file), "")),
    ];

    private static bool HasFile(string path, long size) => File.Exists(path) && Length(path) == size;

    /// <summary>Bytes of a file, or of the one that a link leads to.</summary>
    private static long Length(string file) => new FileInfo(File.ResolveLinkTarget(file, returnFinalTarget: true)?.FullName ?? file).Length;

    private static bool TryLink(string name, string blob)
    {
        try
        {
            File.CreateSymbolicLink(name, Path.GetRelativePath(Path.GetDirectoryName(name)!, blob));
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Windows without the right to make links, or a file system that has none. Another process may also have made it.
            return File.Exists(name);
        }
    }

    /// <summary>Whether a snapshot has its tokenizer and all files that the index of its weights names.</summary>
    private static bool HasAllWeights(string folder, IReadOnlyList<HubFile> present)
    {
        HashSet<string> names = [.. present.Select(file => file.Path)];
        if (!names.Contains("tokenizer.json"))
            return false;
        if (!names.Contains(ModelFiles.IndexFile))
            return true;
        string index = Path.Combine(folder, ModelFiles.IndexFile);
        if (Length(index) > MaxIndexBytes)
            return false;
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(index));
            return document.RootElement.TryGetProperty("weight_map", out JsonElement map) && map.ValueKind == JsonValueKind.Object
                && map.EnumerateObject().All(tensor => tensor.Value.ValueKind == JsonValueKind.String && names.Contains(tensor.Value.GetString()!));
        }
        catch (JsonException)
        {
            return false; // fetched again, or refused by name when it is opened
        }
    }

    [GeneratedRegex(@"^[0-9a-f]{40}\z")]
    private static partial Regex Commit();
}
