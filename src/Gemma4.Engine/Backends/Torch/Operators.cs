using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Gemma4.Engine.Backends.Torch;

/// <summary>Operators that TorchSharp does not bind, called through libtorch's own dispatcher.</summary>
/// <remarks>
/// <c>aoti_torch_call_dispatcher</c> takes a stack of 64-bit words: a tensor is an owned handle and is taken over, a number is its bits, an
/// optional is a pointer from malloc to its word (freed by the call) or 0, a list is a handle (freed by the call). The result replaces the
/// first word and is ours. See <c>torch/csrc/stable</c> of PyTorch 2.10. A refusal prints libtorch's message to stderr and returns 1.
/// </remarks>
internal static unsafe partial class Operators
{
    /// <summary>Root-mean-square normalisation over the last dimension, computed in float32 and rounded once.</summary>
    /// <param name="x"><c>[..., W]</c>.</param>
    /// <param name="width">W.</param>
    /// <param name="scale"><c>[W]</c> in the dtype of <paramref name="x"/>; null for none.</param>
    /// <param name="eps">Added to the mean square inside the root.</param>
    /// <returns>A new tensor; the caller owns it.</returns>
    public static Tensor RmsNorm(Tensor x, int width, Tensor? scale, double eps)
    {
        ulong* stack = stackalloc ulong[4];
        stack[0] = Own(x);
        stack[1] = List(width);
        stack[2] = scale is null ? 0 : Some(Own(scale));
        stack[3] = Some(BitConverter.DoubleToUInt64Bits(eps));
        return Call("aten::rms_norm"u8, stack);
    }

    /// <summary>Products of consecutive rows with a weight each: row r with that of the group it lies in.</summary>
    /// <param name="x"><c>[R, in]</c>, the rows of a group side by side.</param>
    /// <param name="weights"><c>[E, out, in]</c>.</param>
    /// <param name="ends">Where each group ends, <c>[E]</c> int32; a group may be empty.</param>
    /// <returns>A new tensor <c>[R, out]</c>; the caller owns it.</returns>
    public static Tensor GroupedProduct(Tensor x, Tensor weights, Tensor ends)
    {
        using Tensor transposed = weights.transpose(1, 2);                                     // [E, in, out]
        ulong* stack = stackalloc ulong[5];
        stack[0] = Own(x);
        stack[1] = Own(transposed);
        stack[2] = Some(Own(ends));
        stack[3] = 0;
        stack[4] = 0;
        return Call("aten::_grouped_mm"u8, stack);
    }

    /// <summary>Attention with scores that are not scaled, without holding them in memory where the device can.</summary>
    /// <param name="q"><c>[B, n, t, H]</c>.</param>
    /// <param name="k"><c>[B, n, S, H]</c>; may repeat one head by a stride of 0.</param>
    /// <param name="v">As <paramref name="k"/>.</param>
    /// <param name="mask">Added to the scores, <c>[B or 1, n or 1, t, S]</c> in the dtype of <paramref name="q"/>.</param>
    /// <returns>A new tensor <c>[B, n, t, H]</c>; the caller owns it.</returns>
    public static Tensor Attention(Tensor q, Tensor k, Tensor v, Tensor mask)
    {
        ulong* stack = stackalloc ulong[8];
        stack[0] = Own(q);
        stack[1] = Own(k);
        stack[2] = Own(v);
        stack[3] = Some(Own(mask));
        stack[4] = BitConverter.DoubleToUInt64Bits(0);      // dropout
        stack[5] = 0;                                       // is_causal
        stack[6] = Some(BitConverter.DoubleToUInt64Bits(1)); // scale
        stack[7] = 0;                                       // enable_gqa
        return Call("aten::scaled_dot_product_attention"u8, stack);
    }

    /// <summary>The same bits as numbers of another type; the last dimension grows or shrinks where that is narrower or wider.</summary>
    /// <param name="x">Contiguous.</param>
    /// <param name="dtype">The type.</param>
    /// <returns>A view; the caller owns it.</returns>
    public static Tensor Reinterpret(Tensor x, ScalarType dtype)
    {
        ulong* stack = stackalloc ulong[2];
        stack[0] = Own(x);
        stack[1] = (ulong)dtype;
        return Call("aten::view"u8, stack, "dtype"u8);
    }

    private static Tensor Call(ReadOnlySpan<byte> name, ulong* stack, ReadOnlySpan<byte> overload = default)
    {
        if (overload.IsEmpty)
            overload = "\0"u8;
        // UTF-8 literals end in a zero byte and lie in the assembly's data, which does not move.
        fixed (byte* operation = name, variant = overload)
        {
            if (CallDispatcher(operation, variant, stack) != 0)
                throw new InvalidOperationException($"libtorch refused {System.Text.Encoding.ASCII.GetString(name)}; its message is on stderr.");
        }
        return Tensor.UnsafeCreateTensor((IntPtr)stack[0]);
    }

    private static ulong Own(Tensor tensor)
    {
        IntPtr owned;
        Check(NewTensorHandle(tensor.Handle, &owned));
        GC.KeepAlive(tensor);
        return (ulong)owned;
    }

    private static ulong Some(ulong word)
    {
        ulong* some = (ulong*)NativeMemory.Alloc(sizeof(ulong));
        *some = word;
        return (ulong)some;
    }

    private static ulong List(int number)
    {
        IntPtr list;
        Check(NewList(1, &list));
        Check(PushBack(list, (ulong)number));
        return (ulong)list;
    }

    private static void Check(int status)
    {
        if (status != 0)
            throw new InvalidOperationException("libtorch could not take an argument; its message is on stderr.");
    }

    [LibraryImport("torch_cpu", EntryPoint = "aoti_torch_call_dispatcher")]
    private static partial int CallDispatcher(byte* name, byte* overload, ulong* stack);

    [LibraryImport("torch_cpu", EntryPoint = "aoti_torch_new_tensor_handle")]
    private static partial int NewTensorHandle(IntPtr tensor, IntPtr* owned);

    [LibraryImport("torch_cpu", EntryPoint = "torch_new_list_reserve_size")]
    private static partial int NewList(nuint capacity, IntPtr* list);

    [LibraryImport("torch_cpu", EntryPoint = "torch_list_push_back")]
    private static partial int PushBack(IntPtr list, ulong element);
}
