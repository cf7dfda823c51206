using System.Globalization;

namespace Gemma4.Server.Access;

/// <summary>Tells whether a file or folder is another than before, without reading it.</summary>
internal static class FileIdentity
{
    private const int MaxEntries = 20_000, MaxLinks = 40;

    /// <summary>What changes when the content does: where links lead, times and lengths. Of a folder, of all files in it that are not hidden.</summary>
    /// <remarks>Where secrets are mounted, a link on the way is set to another folder, and nothing else changes.</remarks>
    public static string Of(string path)
    {
        try
        {
            return Directory.Exists(path)
                ? string.Join('\n', Directory.EnumerateFiles(path).Where(file => Path.GetFileName(file)[0] != '.').Take(MaxEntries).Order(StringComparer.Ordinal).Select(OfFile))
                : OfFile(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return $"unreadable: {exception.Message}";
        }
    }

    private static string OfFile(string path)
    {
        string target = Path.GetFullPath(path);
        for (int i = 0; i < MaxLinks && FollowFirstLink(target) is { } next; i++)
            target = next;
        var file = new FileInfo(target);
        return string.Create(CultureInfo.InvariantCulture, $"{path} {target} {(file.Exists ? file.Length : -1)} {file.LastWriteTimeUtc.Ticks}");
    }

    /// <summary>The path with its first link, be it a folder's or the file's, replaced by what it leads to; null where there is none.</summary>
    private static string? FollowFirstLink(string path)
    {
        for (int end = path.IndexOf(Path.DirectorySeparatorChar, 1); ; end = path.IndexOf(Path.DirectorySeparatorChar, end + 1))
        {
            string head = end < 0 ? path : path[..end];
            if (new FileInfo(head).LinkTarget is { } target)
                return Path.GetFullPath(Path.Combine(Path.GetDirectoryName(head)!, target) + (end < 0 ? "" : path[end..]));
            if (end < 0)
                return null;
        }
    }
}
