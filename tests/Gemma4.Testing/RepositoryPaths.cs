using System.Runtime.CompilerServices;

namespace Gemma4.Testing;

/// <summary>Finds the repository and what lies beside it, from the place of this source file.</summary>
public static class RepositoryPaths
{
    /// <summary>The repository's root.</summary>
    public static string Root { get; } = Path.GetFullPath(Path.Combine(ThisDirectory(), "..", ".."));

    /// <summary>Golden files and tiny checkpoints that are part of the repository.</summary>
    public static string Fixtures { get; } = Path.Combine(Root, "tests", "fixtures");

    /// <summary>The demo model that ships with the project.</summary>
    public static string DemoModel { get; } = Path.Combine(Root, "demo-model");

    /// <summary>Third-party reference material, which is not part of the repository: the folder <c>shared</c> beside it, or where
    /// <c>GEMMA4_SHARED</c> points. Null where there is none; tests that need it skip, saying so.</summary>
    public static string? Shared { get; } = FindShared();

    /// <summary>A file of the shared reference material; skips the running test, visibly, where it is absent.</summary>
    public static string RequireShared(string relativePath)
    {
        string? path = Shared is null ? null : Path.Combine(Shared, relativePath);
        if (path is null || !Path.Exists(path))
            Xunit.Assert.Skip($"needs ../shared/{relativePath}, which is not part of the repository");
        return path;
    }

    private static string? FindShared()
    {
        string path = Environment.GetEnvironmentVariable("GEMMA4_SHARED") is { Length: > 0 } configured
            ? configured
            : Path.Combine(Root, "..", "shared");
        return Directory.Exists(path) ? Path.GetFullPath(path) : null;
    }

    private static string ThisDirectory([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
