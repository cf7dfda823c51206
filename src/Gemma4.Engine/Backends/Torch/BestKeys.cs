using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Backends.Torch;

/// <summary>Selects the best tokens of rows of logits on the device, in the host's order: best first, the lower id first among equals.</summary>
/// <remarks>
/// A token's key is a 64-bit integer: the upper half orders as its logit does, the lower half falls with its id. No two keys are equal, so the
/// order does not depend on how a device sorts. What is not a number comes first, so that the host sees it.
/// </remarks>
internal sealed class BestKeys
{
    private readonly Tensor _fallingIds;      // [V] int64: 2^32 − 1 − id
    private readonly Tensor _signShift, _allButSign;      // 31 and 2^31 − 1, int32
    private readonly Scalar _zero = 0f.ToScalar(), _first = int.MaxValue.ToScalar(), _upperHalf = (1L << 32).ToScalar();

    /// <param name="link">The device.</param>
    /// <param name="vocabularySize">V.</param>
    public BestKeys(DeviceLink link, int vocabularySize)
    {
        var fallingIds = new long[vocabularySize];
        for (int id = 0; id < vocabularySize; id++)
            fallingIds[id] = uint.MaxValue - id;
        _fallingIds = tensor(fallingIds, device: link.Device).DetachFromDisposeScope();
        _signShift = tensor([31], device: link.Device).DetachFromDisposeScope();
        _allButSign = tensor([int.MaxValue], device: link.Device).DetachFromDisposeScope();
    }

    /// <summary>Selects.</summary>
    /// <param name="logits"><c>[R, V]</c> float32.</param>
    /// <param name="count">K, at most V.</param>
    /// <returns>Keys <c>[R · K]</c>, as float32 of two words each; belongs to the caller's dispose scope.</returns>
    public Tensor Select(Tensor logits, int count)
    {
        Tensor isNaN = logits.isnan();
        Tensor bits = Operators.Reinterpret(logits.Plus(_zero), ScalarType.Int32);                       // −0 becomes 0, with which it is equal
        Tensor ordered = bits.bitwise_xor(bits.bitwise_right_shift(_signShift).bitwise_and_(_allButSign));      // negative numbers turned about
        ordered.masked_fill_(isNaN, _first);
        Tensor keys = ordered.to(ScalarType.Int64).mul_(_upperHalf).Plus(_fallingIds);                   // [R, V]
        (Tensor best, _) = keys.topk(count, dim: 1, largest: true, sorted: true);                        // [R, K]
        return Operators.Reinterpret(best.flatten(), ScalarType.Float32);
    }

    /// <summary>Reads keys on the host.</summary>
    /// <param name="keys">Any number.</param>
    /// <param name="ids">Receives token ids.</param>
    /// <param name="values">Receives logits.</param>
    public static void Read(ReadOnlySpan<long> keys, Span<int> ids, Span<float> values)
    {
        for (int i = 0; i < keys.Length; i++)
        {
            int ordered = (int)(keys[i] >> 32);
            ids[i] = (int)(uint.MaxValue - (uint)keys[i]);
            values[i] = BitConverter.Int32BitsToSingle(ordered ^ ((ordered >> 31) & int.MaxValue));
        }
    }
}
