using System.Text.RegularExpressions;

namespace Gemma4.Server.Hub;

/// <summary>A file of a repository.</summary>
/// <param name="Path">Its path in the repository, with <c>/</c>.</param>
/// <param name="Size">Its bytes.</param>
/// <param name="Hash">What its bytes hash to: SHA-256 for large files, git's SHA-1 of a blob for others, in hexadecimal. It names the file in the cache.</param>
internal sealed partial record HubFile(string Path, long Size, string Hash)
{
    private const int MaxPathLength = 1024, MaxNameBytes = 255;

    /// <summary>The last part of its path.</summary>
    public string Name => Path[(Path.LastIndexOf('/') + 1)..];

    /// <summary>The folder that holds it, empty for the repository's root.</summary>
    public string Folder => Path.LastIndexOf('/') is >= 0 and int end ? Path[..end] : "";

    /// <summary>Whether <see cref="Hash"/> is SHA-256; else it is git's.</summary>
    public bool IsSha256 => Hash.Length == 64;

    /// <summary>Refuses what must not become names of files: the list comes from somebody else's server.</summary>
    /// <exception cref="HubException">A path that leaves its folder, or a hash that is none.</exception>
    public void Check(ModelName model)
    {
        if (!IsSafe(Path))
            throw new HubException($"{model.Repository} lists a file whose name leads out of its folder or cannot be written ('{HubText.Line(Path)}'). Nothing was fetched: do not use this repository.");
        if (!HashName().IsMatch(Hash))
            throw new HubException($"{model.Repository} lists {Path} with '{HubText.Line(Hash)}' for a hash, which is none. Nothing was fetched.");
    }

    private static bool IsSafe(string path) => path.Length <= MaxPathLength && !path.Any(c => char.IsControl(c) || char.IsSurrogate(c) || c is '\\' or ':')
        && Array.TrueForAll(path.Split('/'), part => part.Length > 0 && part.Trim('.').Length > 0 && System.Text.Encoding.UTF8.GetByteCount(part) <= MaxNameBytes);

    [GeneratedRegex(@"^(?:[0-9a-f]{40}|[0-9a-f]{64})\z")]
    private static partial Regex HashName();
}
