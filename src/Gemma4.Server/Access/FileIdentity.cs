using System.Globalization;

namespace Gemma4.Server.Access;

/// <summary>Tells whether a file or folder is another than before, without reading it.</summary>
internal static class FileIdentity
{
    private const int MaxEntries = 20_000;

    /// <summary>What changes when the content does: what links lead to, times and lengths. Of a folder, of all files in it that are not hidden.</summary>
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
        var file = new FileInfo(path);
        FileSystemInfo target = file.ResolveLinkTarget(returnFinalTarget: true) ?? file;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{path} {target.FullName} {target.LastWriteTimeUtc.Ticks} {(target is FileInfo { Exists: true } found ? found.Length : -1)}");
    }
}
