using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Gemma4.Engine.Backends.Torch;

/// <summary>Where a tensor's numbers lie in host memory.</summary>
internal static unsafe partial class HostPointer
{
    /// <summary>The first element of a dense CPU tensor. Good while the tensor lives.</summary>
    /// <remarks>The native call behind <see cref="Tensor.bytes"/>, which itself refuses tensors above 2 GiB.</remarks>
    public static void* Of(Tensor tensor)
    {
        void* data = THSTensor_data(tensor.Handle);
        GC.KeepAlive(tensor);
        return data;
    }

    [LibraryImport("LibTorchSharp")]
    private static partial void* THSTensor_data(IntPtr tensor);
}
