using System.Numerics.Tensors;
using Gemma4.Engine.Kernels;
using Gemma4.Engine.Requests;

namespace Gemma4.Engine.Sampling;

/// <summary>Logits to token ids: penalties, bias and masks, then temperature, top-k, top-p and min-p in this order, then one draw.</summary>
/// <remarks>
/// The order is that of the reference implementation. A token depends on the sequence's own logits, parameters, seed and number of
/// output tokens, and on nothing else. Scratch memory is taken once; one instance serves one thread.
/// </remarks>
/// <param name="vocabularySize">V.</param>
internal sealed class Sampler(int vocabularySize)
{
    private readonly LogitsProcessor _processor = new(vocabularySize);
    private readonly float[] _logits = new float[vocabularySize];
    private readonly float[] _weights = new float[vocabularySize];
    private readonly int[] _ids = new int[vocabularySize];

    /// <summary>Chooses the next token.</summary>
    /// <param name="logits"><c>[V]</c> float32 as the model gave them; not modified.</param>
    /// <param name="inputs">What else the choice depends on.</param>
    /// <param name="logprobs">Log-probabilities, when the parameters ask for them.</param>
    /// <exception cref="InvalidOperationException">A logit is not a number, or the model gives no token a chance.</exception>
    /// <exception cref="RequestRejectedException">What the request asks for leaves no token; it names the fields that exclude each other.</exception>
    public int Sample(ReadOnlySpan<float> logits, in SamplingInputs inputs, out TokenLogprobs? logprobs)
    {
        ReadOnlySpan<float> processed = logits;
        if (LogitsProcessor.IsNeeded(inputs))
        {
            Span<float> copy = _logits.AsSpan(0, logits.Length);
            logits.CopyTo(copy);
            _processor.Apply(copy, inputs);
            processed = copy;
        }
        int best = TopTokens.Best(processed);
        if (float.IsNegativeInfinity(processed[best]))
        {
            Exclusions.ThrowIfAny(inputs, logits.Length);
            throw new InvalidOperationException("The model gives no token that may be chosen a chance.");
        }
        int token = inputs.Params.Temperature == 0f
            ? best
            : Draw(processed, processed[best], inputs.Params, CounterRandom.NextDouble(inputs.Seed, (ulong)inputs.NumOutputTokens));
        logprobs = inputs.Params.NumLogprobs is int top ? ReadLogprobs(logits, token, top) : null;
        return token;
    }

    /// <summary>Log-probabilities of a token that stands already.</summary>
    /// <param name="logits"><c>[V]</c>, as the model gave them.</param>
    /// <param name="tokenId">The token.</param>
    /// <param name="numTop">How many best tokens to report beside it.</param>
    public TokenLogprobs ReadLogprobs(ReadOnlySpan<float> logits, int tokenId, int numTop) =>
        LogprobsReader.Read(logits, tokenId, numTop, _weights);

    /// <summary>Draws by inversion: the token at which the cumulated weight passes <paramref name="uniform"/> of the whole.</summary>
    private int Draw(ReadOnlySpan<float> logits, float max, SamplingParams p, double uniform)
    {
        if (p.TopK == 0 && p.TopP >= 1f && p.MinP == 0f)
            return Invert(WeighAll(logits, max, p.Temperature), uniform);

        double total;
        int count;
        if (p.TopK > 0)
        {
            count = TopTokens.Select(logits, p.TopK, _ids);
            total = RowSum.Run(Weigh(logits, max, p.Temperature, count));
        }
        else
        {
            Span<float> all = WeighAll(logits, max, p.Temperature);
            total = RowSum.Run(all);
            count = SelectByMass(logits, all, p.TopP * total, p.MinP);
        }
        ReadOnlySpan<float> weights = Weigh(logits, max, p.Temperature, count);
        count = LengthOfMass(weights, p.TopP >= 1f ? double.PositiveInfinity : p.TopP * total);
        while (count > 1 && weights[count - 1] < p.MinP)   // the best token's weight is 1
            count--;
        return _ids[Invert(weights[..count], uniform)];
    }

    /// <summary>Without top-k, selects best tokens in growing numbers until they hold the wanted mass or reach below min-p.</summary>
    private int SelectByMass(ReadOnlySpan<float> logits, ReadOnlySpan<float> weights, double mass, float minP)
    {
        for (int wanted = 128; ; wanted *= 8)
        {
            int count = TopTokens.Select(logits, wanted, _ids);
            double selected = 0;
            foreach (int id in _ids.AsSpan(0, count))
                selected += weights[id];
            if (count < wanted || selected >= mass || weights[_ids[count - 1]] < minP)
                return count;
        }
    }

    /// <summary>exp((logit − max) / T) of the whole vocabulary, by id.</summary>
    private Span<float> WeighAll(ReadOnlySpan<float> logits, float max, float temperature)
    {
        Span<float> weights = _weights.AsSpan(0, logits.Length);
        TensorPrimitives.Subtract(logits, max, weights);
        TensorPrimitives.Divide(weights, temperature, weights);
        Exponential.Run(weights, weights);
        return weights;
    }

    /// <summary>The same of the selected tokens, best first.</summary>
    private Span<float> Weigh(ReadOnlySpan<float> logits, float max, float temperature, int count)
    {
        Span<float> weights = _weights.AsSpan(0, count);
        for (int i = 0; i < count; i++)
            weights[i] = Exponential.Of((logits[_ids[i]] - max) / temperature);
        return weights;
    }

    /// <summary>Length of the shortest prefix whose sum reaches <paramref name="mass"/>; at least one.</summary>
    private static int LengthOfMass(ReadOnlySpan<float> weights, double mass)
    {
        double sum = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            sum += weights[i];
            if (sum >= mass)
                return i + 1;
        }
        return weights.Length;
    }

    private static int Invert(ReadOnlySpan<float> weights, double uniform)
    {
        double target = uniform * RowSum.Run(weights), sum = 0;
        int last = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            if (weights[i] == 0f)
                continue;
            sum += weights[i];
            last = i;
            if (sum > target)
                break;
        }
        return last;   // also where rounding lets the sum end below the target
    }
}
