using System.Collections.Immutable;
using System.Numerics.Tensors;
using Gemma4.Engine.Kernels;
using Gemma4.Engine.Requests;

namespace Gemma4.Engine.Sampling;

/// <summary>Log-probabilities of the model's own distribution at one position.</summary>
internal static class LogprobsReader
{
    /// <summary>Reads them off untouched logits.</summary>
    /// <param name="logits"><c>[V]</c>, as the model gave them.</param>
    /// <param name="tokenId">The token that stands at the position.</param>
    /// <param name="numTop">How many best tokens to report.</param>
    /// <param name="scratch">At least V floats, overwritten.</param>
    public static TokenLogprobs Read(ReadOnlySpan<float> logits, int tokenId, int numTop, Span<float> scratch)
    {
        float logSumExp = LogSumExp(logits, scratch[..logits.Length]);
        int[] ids = new int[numTop];
        int count = numTop == 0 ? 0 : TopTokens.Select(logits, numTop, ids);
        var top = ImmutableArray.CreateBuilder<TokenLogprob>(count);
        foreach (int id in ids.AsSpan(0, count))
            top.Add(new TokenLogprob(id, logits[id] - logSumExp));
        return new TokenLogprobs(logits[tokenId] - logSumExp, top.MoveToImmutable());
    }

    private static float LogSumExp(ReadOnlySpan<float> logits, Span<float> scratch)
    {
        float max = TensorPrimitives.Max(logits);
        TensorPrimitives.Subtract(logits, max, scratch);
        Exponential.Run(scratch, scratch);
        return (float)(max + Math.Log(RowSum.Run(scratch)));
    }
}
