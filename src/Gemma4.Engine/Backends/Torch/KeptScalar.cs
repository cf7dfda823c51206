using TorchSharp;

namespace Gemma4.Engine.Backends.Torch;

/// <summary>A factor whose native scalar lives as long as this: see <see cref="Arithmetic"/>.</summary>
internal sealed class KeptScalar(float value)
{
    /// <summary>The scalar.</summary>
    public Scalar Value { get; } = value.ToScalar();
}
