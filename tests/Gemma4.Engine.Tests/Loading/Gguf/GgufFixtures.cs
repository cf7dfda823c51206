using Gemma4.Testing;

namespace Gemma4.Engine.Tests.Loading.Gguf;

/// <summary>Tiny GGUF files: some are part of the repository, the rest are shared reference material.</summary>
internal static class GgufFixtures
{
    /// <summary>A file's path; skips the running test where the file is absent.</summary>
    public static string Find(string name)
    {
        string own = Path.Combine(RepositoryPaths.Fixtures, "quantized", "gguf", $"{name}.gguf");
        return File.Exists(own) ? own : RepositoryPaths.RequireShared($"fixtures/quantized/gguf/{name}.gguf");
    }
}
