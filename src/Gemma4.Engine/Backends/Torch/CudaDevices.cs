using static TorchSharp.torch;

namespace Gemma4.Engine.Backends.Torch;

/// <summary>The CUDA devices that libtorch sees.</summary>
internal static class CudaDevices
{
    /// <summary>How many; 0 where the build or the machine has none.</summary>
    public static int Count => LibTorch.IsPresent && cuda.is_available() ? cuda.device_count() : 0;
}
