using Gemma4.Engine.Chat;

namespace Gemma4.Server.Media;

/// <summary>Reads files below one folder, links resolved.</summary>
internal static class LocalMediaFile
{
    private const int MostLinks = 40;

    /// <summary>Reads a file named by a <c>file://</c> URL.</summary>
    /// <exception cref="Engine.Requests.RequestRejectedException">Not below the folder, not there, or too large. One message for the first
    /// two, so that no one can ask which files exist.</exception>
    public static async Task<byte[]> ReadAsync(
        Uri url, string? folder, MediaKind kind, int maxBytes, string? param, CancellationToken cancellationToken)
    {
        if (folder is null)
            throw MediaRejected.Url(kind, "Files of the server are not read: no folder is allowed for file:// URLs.", param);
        try
        {
            string root = RealPath(folder);
            string path = RealPath(url.LocalPath);
            bool below = url.Host.Length == 0 && path.StartsWith(Path.TrimEndingDirectorySeparator(root) + Path.DirectorySeparatorChar, StringComparison.Ordinal);
            var file = new FileInfo(path);
            if (below && file.Exists && (file.Attributes & (FileAttributes.Directory | FileAttributes.Device)) == 0)
            {
                if (file.Length == 0) // a pipe too, which to open is to wait for its writer
                    return [];
                await using FileStream stream = file.OpenRead();
                return await LimitedReader.ReadAllAsync(stream, stream.Length, kind, maxBytes, param, cancellationToken);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            // Answered like a file that is not there.
        }
        throw MediaRejected.Url(kind, "The file does not exist or is not below the folder allowed for file:// URLs.", param);
    }

    /// <summary>The absolute path with every link on the way followed.</summary>
    private static string RealPath(string path)
    {
        var rest = new Stack<string>(Segments(Path.GetFullPath(path)).Reverse());
        string real = Path.GetPathRoot(Path.GetFullPath(path))!;
        for (int links = 0; rest.TryPop(out string? segment);)
        {
            if (segment == ".")
                continue;
            if (segment == "..")
            {
                real = Path.GetDirectoryName(real) ?? real;
                continue;
            }
            string next = Path.Combine(real, segment);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                real = next;
                continue;
            }
            if (++links > MostLinks)
                throw new IOException($"more than {MostLinks} links");
            if (Path.IsPathRooted(target))
                real = Path.GetPathRoot(target)!;
            foreach (string s in Segments(target).Reverse())
                rest.Push(s);
        }
        return real;
    }

    private static IEnumerable<string> Segments(string path) =>
        path[(Path.GetPathRoot(path)?.Length ?? 0)..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries);
}
