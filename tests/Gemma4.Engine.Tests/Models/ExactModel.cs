using Gemma4.Engine.Models;
using Gemma4.Verification;
using Gemma4.Testing;

namespace Gemma4.Engine.Tests.Models;

/// <summary>Models computed as goldens in float32 are: on the CPU, keys and values unrounded.</summary>
internal static class ExactModel
{
    /// <summary>One of the fixtures.</summary>
    public static Gemma4Model Of(string name) => Load(Path.Combine(RepositoryPaths.Fixtures, "models", name));

    /// <summary>A checkpoint.</summary>
    public static Gemma4Model Load(string path) => Checkpoint.Open(path).LoadModel(ModelVerifier.Exact);
}
