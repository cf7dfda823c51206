using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Gemma4.Engine.Layers;

/// <summary>Where a tensor's numbers lie in host memory.</summary>
internal static unsafe class HostPointer
{
    /// <summary>The first element of a dense CPU tensor. Good while the tensor lives.</summary>
    /// <remarks><see cref="Tensor.bytes"/> refuses tensors above 2 GiB, so the pointer is taken from the first row.</remarks>
    public static void* Of(Tensor tensor)
    {
        using Tensor first = tensor.flatten().narrow(0, 0, 1);
        return Unsafe.AsPointer(ref MemoryMarshal.GetReference(first.bytes));
    }
}
