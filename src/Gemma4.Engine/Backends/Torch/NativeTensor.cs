using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Backends.Torch;

/// <summary>Tensors over memory that somebody else owns.</summary>
/// <remarks>
/// TorchSharp's own constructors copy from managed arrays. Its native entry point wraps <c>torch::from_blob</c>, which does not copy,
/// so it is called directly; signature: THSTensorFactories.cpp of TorchSharp 0.107.
/// </remarks>
internal static unsafe partial class NativeTensor
{
    /// <summary>A CPU tensor over memory, without a copy. The memory must outlive it and is never written through it.</summary>
    /// <param name="data">First element, aligned to the element size.</param>
    /// <param name="dtype">Element type.</param>
    /// <param name="shape">Dimensions; row-major and dense.</param>
    /// <returns>A tensor outside every dispose scope; the caller owns it.</returns>
    public static Tensor Over(byte* data, ScalarType dtype, ReadOnlySpan<long> shape)
    {
        InitializeDeviceType(DeviceType.CPU);      // loads the native library the way TorchSharp wants it
        fixed (long* sizes = shape)
        {
            IntPtr handle = THSTensor_new(data, &KeepMemory, sizes, shape.Length, (sbyte)dtype, (sbyte)dtype, (int)DeviceType.CPU, -1, 0);
            if (handle == IntPtr.Zero)
                throw new InvalidOperationException("libtorch refused to wrap mapped memory.");
            return Tensor.UnsafeCreateTensor(handle).DetachFromDisposeScope();
        }
    }

    /// <summary>libtorch calls this when the last tensor over the memory goes; the mapping's owner unmaps it, not we.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void KeepMemory(void* data)
    {
    }

    [LibraryImport("LibTorchSharp")]
    private static partial IntPtr THSTensor_new(
        void* data, delegate* unmanaged[Cdecl]<void*, void> deleter, long* sizes, int numSizes,
        sbyte storedType, sbyte dtype, int deviceType, int deviceIndex, byte requiresGrad);
}
