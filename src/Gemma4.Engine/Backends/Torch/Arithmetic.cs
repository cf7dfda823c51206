using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Backends.Torch;

/// <summary>Sums and differences whose native scalars outlive the call.</summary>
/// <remarks>
/// TorchSharp 0.107 makes a native scalar for every number an operator takes, the hidden factor of <c>a + b</c> included, and hands its
/// handle to the native call without keeping the object alive: a collection at that moment frees it under libtorch's hands. Seen as a
/// failed <c>toFloat</c> in tests on a busy machine. So a step's numbers are scalars made once and kept in fields. Other calls make them out
/// of sight (<c>arange</c>, <c>softplus</c>, <c>square</c>, <c>fill_</c>); a test reads the compiled code for them.
/// </remarks>
internal static class Arithmetic
{
    /// <summary>1.</summary>
    public static readonly Scalar One = 1.ToScalar();

    /// <summary>−1.</summary>
    private static readonly Scalar MinusOne = (-1).ToScalar();

    /// <summary>−∞, the score of what must not be seen.</summary>
    public static readonly Scalar NegativeInfinity = float.NegativeInfinity.ToScalar();

    /// <summary><c>first .. end − 1</c> as <c>[end − first]</c> int64, where <c>arange</c> would make three scalars; the caller owns it.</summary>
    public static Tensor Range(int first, int end, Device device)
    {
        var numbers = new long[end - first];
        for (int i = 0; i < numbers.Length; i++)
            numbers[i] = first + i;
        return tensor(numbers, device: device);
    }

    /// <summary><c>a + b</c>.</summary>
    public static Tensor Plus(this Tensor a, Tensor b) => a.add(b, One);

    /// <summary><c>a + b</c>; the caller keeps <paramref name="b"/> alive.</summary>
    public static Tensor Plus(this Tensor a, Scalar b) => a.add(b, One);

    /// <summary><c>a − b</c>.</summary>
    public static Tensor Minus(this Tensor a, Tensor b) => a.add(b, MinusOne);
}
