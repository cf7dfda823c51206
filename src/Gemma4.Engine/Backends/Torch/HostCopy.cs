using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Backends.Torch;

/// <summary>Brings tensors to host memory.</summary>
internal static class HostCopy
{
    /// <summary>All numbers in float32, row-major. Waits for the device.</summary>
    public static float[] ToArray(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        return x.to(ScalarType.Float32).cpu().contiguous().data<float>().ToArray();
    }
}
