using System.Numerics.Tensors;
using System.Runtime.Intrinsics;

namespace Gemma4.Engine.Kernels;

/// <summary>Softmax over positions that are taken a chunk at a time: each chunk's weights under its own maximum, and how chunks are joined.</summary>
/// <remarks>The online softmax of Milakov and Gimelshein 2018. Chunks are joined in order of position, so the result does not depend on who
/// computed which. A score of −∞ is a position that is not seen; its weight is 0 and changes nothing.</remarks>
internal static unsafe class PartialSoftmax
{
    /// <summary>Turns a chunk's scores into weights <c>exp(score − max)</c>.</summary>
    /// <param name="scores"><c>[n]</c>, overwritten; n is a multiple of 8.</param>
    /// <param name="max">The largest score; −∞ where nothing is seen, and then weights and sum are 0.</param>
    /// <param name="sum">The sum of the weights, in one order whatever the processor.</param>
    public static void Weigh(Span<float> scores, out float max, out float sum)
    {
        max = TensorPrimitives.Max<float>(scores);
        sum = 0;
        if (float.IsNegativeInfinity(max))
        {
            scores.Clear();
            return;
        }
        TensorPrimitives.Subtract(scores, max, scores);
        Exponential.Run(scores, scores);
        Vector256<float> sums = default;
        for (int i = 0; i < scores.Length; i += 8)
            sums += Vector256.Create<float>(scores[i..]);
        sum = Vector256.Sum(sums);
    }

    /// <summary>Joins a later chunk to what was joined before.</summary>
    /// <param name="max">Maximum so far; −∞ before the first chunk.</param>
    /// <param name="sum">Sum of weights so far.</param>
    /// <param name="y">Weighted values so far, <c>[h]</c>.</param>
    /// <param name="chunkMax">The chunk's maximum.</param>
    /// <param name="chunkSum">The chunk's sum of weights.</param>
    /// <param name="chunk">The chunk's weighted values, <c>[h]</c>.</param>
    /// <param name="h">A multiple of 8.</param>
    public static void Join(ref float max, ref float sum, float* y, float chunkMax, float chunkSum, float* chunk, int h)
    {
        if (float.IsNegativeInfinity(chunkMax))
            return;
        float larger = MathF.Max(max, chunkMax), before = Exponential.Of(max - larger), now = Exponential.Of(chunkMax - larger);
        Vector256<float> old = Vector256.Create(before), added = Vector256.Create(now);
        for (int i = 0; i < h; i += 8)
            Vector256.FusedMultiplyAdd(Vector256.Load(chunk + i), added, Vector256.Load(y + i) * old).Store(y + i);
        sum = MathF.FusedMultiplyAdd(chunkSum, now, sum * before);
        max = larger;
    }
}
