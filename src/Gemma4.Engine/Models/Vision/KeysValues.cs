using Gemma4.Engine.Configuration;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Models.Vision;

/// <summary>Keys and values of a layer for all S patches, one head a query head.</summary>
/// <param name="Keys"><c>[n, S, H]</c>, normalised and turned.</param>
/// <param name="Values"><c>[n, S, H]</c>, normalised.</param>
internal sealed record KeysValues(Tensor Keys, Tensor Values) : IDisposable
{
    /// <summary>Memory for them, not yet written; the caller owns it.</summary>
    public static KeysValues Empty(VisionConfig config, int numPatches, ScalarType dtype, Device device)
    {
        long[] shape = [config.NumHeads, numPatches, config.HeadDim];
        return new KeysValues(
            empty(shape, dtype: dtype, device: device).DetachFromDisposeScope(), empty(shape, dtype: dtype, device: device).DetachFromDisposeScope());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Keys.Dispose();
        Values.Dispose();
    }
}
