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
    /// <summary>Up to how many best tokens are asked for; a draw among more reads all logits.</summary>
    private const int MaxBest = 256;

    private readonly LogitsProcessor _processor = new(vocabularySize);
    private readonly float[] _logits = new float[vocabularySize];
    private readonly float[] _weights = new float[vocabularySize];
    private readonly float[] _selected = new float[vocabularySize];
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
            throw NoToken();
        }
        int token = inputs.Params.Temperature == 0f
            ? best
            : Draw(processed, processed[best], inputs.Params, CounterRandom.NextDouble(inputs.Seed, (ulong)inputs.NumOutputTokens));
        logprobs = inputs.Params.NumLogprobs is int top ? ReadLogprobs(logits, token, top) : null;
        return token;
    }

    /// <summary>How many best tokens suffice to choose with these parameters where nothing changes the logits; 0 where all are needed.</summary>
    public static int NumBestNeeded(SamplingParams p) =>
        LogitsProcessor.IsNeeded(p) || p.NumLogprobs is not null ? 0 : p.Temperature == 0f ? 1 : p.TopK <= MaxBest ? p.TopK : 0;

    /// <summary>Chooses the next token from the best ones alone; the same one as <see cref="Sample"/> does from all.</summary>
    /// <param name="ids">The <see cref="NumBestNeeded"/> best, best first, the lower id first among equals.</param>
    /// <param name="logits">Their logits.</param>
    /// <param name="inputs">What else the choice depends on.</param>
    /// <exception cref="InvalidOperationException">A logit is not a number, or the model gives no token a chance.</exception>
    public int SampleBest(ReadOnlySpan<int> ids, ReadOnlySpan<float> logits, in SamplingInputs inputs)
    {
        TopTokens.CheckBest(ids[0], logits[0]);
        if (float.IsNegativeInfinity(logits[0]))
            throw NoToken();
        if (inputs.Params.Temperature == 0f)
            return ids[0];
        int count = logits.IndexOf(float.NegativeInfinity);      // never chosen, as if they were not there
        return DrawAmong(ids[..(count < 0 ? ids.Length : count)], logits, inputs.Params, CounterRandom.NextDouble(inputs.Seed, (ulong)inputs.NumOutputTokens));
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

        if (p.TopK > 0)
        {
            int selected = TopTokens.Select(logits, p.TopK, _ids);
            return DrawAmong(_ids.AsSpan(0, selected), Gather(logits, selected), p, uniform);
        }
        Span<float> all = WeighAll(logits, max, p.Temperature);
        double total = RowSum.Run(all);
        int count = SelectByMass(logits, all, p.TopP * total, p.MinP);
        return DrawWithin(_ids.AsSpan(0, count), Weigh(Gather(logits, count), p.Temperature), p, total, uniform);
    }

    /// <summary>Draws among tokens that top-k has selected: they are all there is.</summary>
    private int DrawAmong(ReadOnlySpan<int> ids, ReadOnlySpan<float> logits, SamplingParams p, double uniform)
    {
        ReadOnlySpan<float> weights = Weigh(logits[..ids.Length], p.Temperature);
        return DrawWithin(ids, weights, p, RowSum.Run(weights), uniform);
    }

    /// <summary>Draws among the best tokens that top-p and min-p leave.</summary>
    /// <param name="ids">Best first.</param>
    /// <param name="weights">Theirs; the best token's is 1.</param>
    /// <param name="p">Top-p and min-p.</param>
    /// <param name="total">Sum of all weights that top-p is a share of.</param>
    /// <param name="uniform">In [0, 1).</param>
    private static int DrawWithin(ReadOnlySpan<int> ids, ReadOnlySpan<float> weights, SamplingParams p, double total, double uniform)
    {
        int count = LengthOfMass(weights, p.TopP >= 1f ? double.PositiveInfinity : p.TopP * total);
        while (count > 1 && weights[count - 1] < p.MinP)
            count--;
        return ids[Invert(weights[..count], uniform)];
    }

    private static InvalidOperationException NoToken() => new("The model gives no token that may be chosen a chance.");

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

    /// <summary>Logits of the selected tokens, best first.</summary>
    private ReadOnlySpan<float> Gather(ReadOnlySpan<float> logits, int count)
    {
        Span<float> selected = _selected.AsSpan(0, count);
        for (int i = 0; i < count; i++)
            selected[i] = logits[_ids[i]];
        return selected;
    }

    /// <summary>exp((logit − max) / T) of selected tokens, best first.</summary>
    private Span<float> Weigh(ReadOnlySpan<float> logits, float temperature)
    {
        Span<float> weights = _weights.AsSpan(0, logits.Length);
        for (int i = 0; i < logits.Length; i++)
            weights[i] = Exponential.Of((logits[i] - logits[0]) / temperature);
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
