namespace Gemma4.Server.Tests.Documents;

/// <summary>Programs of this machine.</summary>
internal static class InstalledPrograms
{
    /// <summary>Where the shell would find one; null where it is not installed.</summary>
    public static string? Find(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
}
