using Gemma4.Engine.Configuration;

namespace Gemma4.Engine.Loading;

/// <summary>A model before any of it is loaded: what it needs, and where that lies.</summary>
/// <param name="Config">Its configuration.</param>
/// <param name="Expected">What it needs.</param>
/// <param name="Weights">Where every tensor lies, by published name.</param>
internal sealed record LocatedModel(Gemma4Config Config, ExpectedModel Expected, IReadOnlyDictionary<string, LocatedWeight> Weights)
{
    /// <summary>Finds a model's tensors; no data is touched.</summary>
    /// <param name="config">Its configuration.</param>
    /// <param name="tensors">The files.</param>
    /// <exception cref="CheckpointException">A tensor is missing, malformed or not what the model needs.</exception>
    public static LocatedModel Find(Gemma4Config config, CheckpointTensors tensors)
    {
        ExpectedModel expected = ModelLoader.Expect(config);
        return new LocatedModel(config, expected, tensors.Locate(config, expected.Shapes));
    }
}
