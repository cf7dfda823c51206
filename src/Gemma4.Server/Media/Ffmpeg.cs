namespace Gemma4.Server.Media;

/// <summary>Where the two programs are that read video files. The server ships neither.</summary>
/// <param name="Decoder">Path of <c>ffmpeg</c>.</param>
/// <param name="Prober">Path of <c>ffprobe</c>.</param>
internal sealed record Ffmpeg(string Decoder, string Prober)
{
    /// <summary>Looks for both on a search path.</summary>
    /// <param name="searchPath">As in the environment variable <c>PATH</c>; entries that are not absolute are passed over, as they would
    /// mean the folder the server was started in.</param>
    /// <returns>Null when one of them is not there.</returns>
    public static Ffmpeg? Find(string? searchPath)
    {
        string[] folders = (searchPath ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return Find(folders, "ffmpeg") is { } decoder && Find(folders, "ffprobe") is { } prober ? new Ffmpeg(decoder, prober) : null;
    }

    private static string? Find(string[] folders, string program)
    {
        string file = OperatingSystem.IsWindows() ? program + ".exe" : program;
        return folders.Where(Path.IsPathFullyQualified).Select(f => Path.Combine(f, file)).FirstOrDefault(File.Exists);
    }
}
