using Gemma4.Engine;
using System.Numerics.Tensors;
using Gemma4.Engine.Backends;
using Gemma4.Engine.Models;
using Gemma4.Engine.Models.Text;
using Gemma4.Engine.Sampling;

namespace Gemma4.Verification;

/// <summary>Runs one golden case through the paged cache and compares everything the reference recorded.</summary>
/// <param name="model">The model.</param>
/// <param name="bars">How close it must come.</param>
internal sealed class CaseVerifier(Gemma4Model model, AccuracyBars bars)
{
    private const int TopCount = 8;

    /// <summary>Prompt tokens a step when the prompt is cut into chunks; prime, so that chunks and blocks never line up.</summary>
    private const int ChunkTokens = 37;

    /// <summary>Computes the prompt whole and in chunks, and decodes greedily after both.</summary>
    /// <remarks>
    /// Each half is held to the strict bars by itself: towers by their soft tokens, the text model with the reference's soft tokens placed.
    /// The run in chunks takes our own soft tokens, as a request would.
    /// </remarks>
    public CaseResult Verify(GoldenCase golden)
    {
        if (bars.FollowsRoundedReference && golden.Rounded is { } rounded)
            return VerifyRounded(golden, rounded);
        float[]? own = GoldenMedia.Encode(model, golden), given = null;                                  // [M, D]
        var checks = new List<CaseCheck>();
        if (own is not null)
        {
            float[] expected = golden.Tensors.Floats("soft_tokens");
            checks.Add(CaseCheck.Of("soft", bars.Hidden.Measure(own, expected)));
            given = expected;
        }
        Movement allowance = VerifyWhole(golden, given, checks);
        VerifyChunked(golden, own, allowance, checks);
        return new CaseResult($"{golden.Model}/{golden.Name}", checks);
    }

    /// <summary>The same of a model that rounds, held to how far the reference's own bfloat16 is; greedy steps are fed the golden's tokens.</summary>
    /// <remarks>
    /// Logits are compared where the text model alone has rounded. Our own soft tokens carry the tower's rounding too, and in a mixture of
    /// experts that may choose another expert, whose answer is as far away as any: behind them only greedy tokens are compared.
    /// </remarks>
    private CaseResult VerifyRounded(GoldenCase golden, RoundedReference rounded)
    {
        float[]? own = GoldenMedia.Encode(model, golden), given = null;                                  // [M, D]
        var checks = new List<CaseCheck>();
        if (own is not null)
        {
            given = golden.Tensors.Floats("soft_tokens");
            checks.Add(CaseCheck.Of("soft", bars.Hidden.Measure(own, given)));
        }
        float[] expected = golden.Tensors.Floats("last_logits");
        int tokens = golden.InputIds.Length;
        using var whole = new PagedSession(model, tokens + golden.Greedy.Length);
        float[] last = model.Logits(Feed(whole, golden, 0, tokens, given, null), [tokens - 1])[0].ToArray();
        checks.Add(rounded.CheckLogits("logits", last, expected));
        checks.Add(rounded.CheckGreedy("greedy", FedGreedy(whole, golden, last), golden.Greedy.AsSpan()));
        using var chunked = new PagedSession(model, tokens + golden.Greedy.Length);
        last = InChunks(chunked, golden, own);
        if (own is null)
            checks.Add(rounded.CheckLogits("chunked", last, expected));
        checks.Add(rounded.CheckGreedy("greedy", FedGreedy(chunked, golden, last), golden.Greedy.AsSpan()));
        return new CaseResult($"{golden.Model}/{golden.Name}", checks);
    }

    /// <summary>The best token at each step of the golden's continuation.</summary>
    private int[] FedGreedy(PagedSession session, GoldenCase golden, float[] logits)
    {
        var best = new int[golden.Greedy.Length];
        for (int i = 0; i < best.Length; i++)
        {
            best[i] = Array.IndexOf(logits, logits.Max());
            if (i + 1 < best.Length)
                logits = model.Logits(session.Step([golden.Greedy[i]], golden.MediaSpans), [0])[0].ToArray();
        }
        return best;
    }

    /// <returns>How far rounding alone may move the answer.</returns>
    private Movement VerifyWhole(GoldenCase golden, float[]? softTokens, List<CaseCheck> checks)
    {
        int tokens = golden.InputIds.Length;
        var trace = new ForwardTrace(ForwardTrace.ReferenceRows, routingRows: 0);
        using var session = new PagedSession(model, tokens + golden.Greedy.Length);
        Activations hidden = Feed(session, golden, 0, tokens, softTokens, trace);                        // [T, D]
        Logits logits = model.Logits(hidden, [.. Enumerable.Range(0, tokens)]);                          // [T, V]
        float[] last = logits[tokens - 1].ToArray();
        float[][] top = [.. Enumerable.Range(0, tokens).Select(t => LogProbabilities(logits[t]))];
        Movement allowance = new Conditioning(model, golden, trace, last, bars.Rounding).Allowance();
        checks.Add(CaseCheck.Of("hidden", bars.Hidden.Plus(allowance.Hidden).Measure(trace.HiddenTail, golden.Tensors.Floats("hidden_tail"))));
        checks.Add(CaseCheck.Of("logits", bars.Logits.Plus(allowance.Logits).Measure(last, golden.Tensors.Floats("last_logits"))));
        checks.Add(CaseCheck.Of("top", MeasureTop(golden, top, allowance)));
        checks.Add(Greedy("greedy", golden, session, last, allowance));
        return allowance;
    }

    private void VerifyChunked(GoldenCase golden, float[]? softTokens, Movement allowance, List<CaseCheck> checks)
    {
        using var session = new PagedSession(model, golden.InputIds.Length + golden.Greedy.Length);
        float[] last = InChunks(session, golden, softTokens);
        checks.Add(CaseCheck.Of("chunked", bars.Top.Plus(allowance.Logits).Measure(last, golden.Tensors.Floats("last_logits"))));
        checks.Add(Greedy("greedy", golden, session, last, allowance));
    }

    /// <summary>Compares the router's choices with <c>routing.safetensors</c>, recorded on the first tokens of one case.</summary>
    public CaseResult VerifyRouting(GoldenCase golden, TensorFile routing)
    {
        var trace = new ForwardTrace(ForwardTrace.ReferenceRows, routingRows: 16);
        using var session = new PagedSession(model, golden.InputIds.Length);
        Feed(session, golden, 0, golden.InputIds.Length, null, trace);
        var checks = new List<CaseCheck>();
        foreach ((int layer, (int[] experts, float[] weights)) in trace.Routings.OrderBy(r => r.Key))
        {
            if (!routing.Has($"layer{layer}_experts"))
                continue;
            int[] expected = routing.Ints($"layer{layer}_experts");
            int active = model.Config.Text.Moe!.NumActiveExperts;
            int different = expected.Chunk(active).Zip(experts.Chunk(active)).Sum(row => row.First.Except(row.Second).Count()) + Math.Abs(experts.Length - expected.Length);
            bool holds = bars.FollowsRoundedReference ? different <= bars.RoutingDifferences(expected.Length) : experts.SequenceEqual(expected);
            checks.Add(new CaseCheck($"layer {layer} experts", holds, $"{expected.Length - different}/{expected.Length}"));
            if (experts.SequenceEqual(expected))
                checks.Add(CaseCheck.Of($"layer {layer} weights", bars.Logits.Measure(weights, routing.Floats($"layer{layer}_weights"))));
        }
        return new CaseResult($"{golden.Model}/routing", checks);
    }

    /// <summary>Computes a stretch of the prompt.</summary>
    private Activations Feed(PagedSession session, GoldenCase golden, int first, int end, float[]? softTokens, IForwardObserver? observer)
    {
        int[] rows = [.. Enumerable.Range(first, end - first).Where(p => model.Config.IsMediaPlaceholder(golden.InputIds[p])).Select(p => p - first)];
        SoftTokens? soft = null;
        if (rows.Length > 0 && softTokens is not null)
        {
            int before = golden.InputIds.Take(first).Count(model.Config.IsMediaPlaceholder), width = model.Config.Text.HiddenSize;
            soft = new SoftTokens(rows, softTokens.AsMemory(before * width, rows.Length * width));
        }
        return session.Step(golden.InputIds.AsSpan()[first..end], golden.MediaSpans, soft, observer);
    }

    /// <summary>Computes the prompt in chunks that split no media span, and returns the last position's logits.</summary>
    private float[] InChunks(PagedSession session, GoldenCase golden, float[]? softTokens)
    {
        while (true)
        {
            int first = session.NumTokens, end = Math.Min(first + ChunkTokens, golden.InputIds.Length);
            foreach (MediaSpan span in golden.MediaSpans)
            {
                if (end > span.FirstPosition && end < span.FirstPosition + span.NumTokens)
                    end = span.FirstPosition > first ? span.FirstPosition : span.FirstPosition + span.NumTokens;
            }
            Activations hidden = Feed(session, golden, first, end, softTokens, null);
            if (end == golden.InputIds.Length)
                return model.Logits(hidden, [hidden.NumRows - 1])[0].ToArray();
        }
    }

    /// <summary>Decodes token by token. A token may differ from the reference's only where the reference's two best were too close to tell.</summary>
    private CaseCheck Greedy(string what, GoldenCase golden, PagedSession session, float[] logits, Movement allowance)
    {
        float tooClose = bars.GreedyGap + 2 * allowance.Logits;
        int count = golden.Greedy.Length;
        for (int i = 0; i < count; i++)
        {
            foreach (int suppressed in model.Config.Generation.SuppressTokenIds)
                logits[suppressed] = float.NegativeInfinity;
            int best = Array.IndexOf(logits, logits.Max());
            if (best != golden.Greedy[i])
                return new CaseCheck(what, golden.Top2Gaps[i] <= tooClose, $"{i}/{count}, then {best} for {golden.Greedy[i]} at a gap of {golden.Top2Gaps[i]:0.0000}");
            if (i + 1 == count)
                break;
            logits = model.Logits(session.Step([best], golden.MediaSpans), [0])[0].ToArray();
        }
        return new CaseCheck(what, true, $"{count}/{count}");
    }

    /// <summary>Compares log-probabilities at every position: of the reference's eight tokens, and of our own eight best.</summary>
    private Deviation MeasureTop(GoldenCase golden, float[][] logprobs, Movement allowance)
    {
        Tolerance bar = bars.Top.Plus(allowance.Logits);
        int[] ids = golden.Tensors.Ints("top_ids");
        float[] expected = golden.Tensors.Floats("top_logprobs");
        Deviation theirs = bar.Measure([.. ids.Select((id, i) => logprobs[i / TopCount][id])], expected);
        Deviation ours = bar.Measure([.. logprobs.SelectMany(Best)], expected);
        return ours.Share > theirs.Share ? ours : theirs;
    }

    private static float[] LogProbabilities(ReadOnlySpan<float> logits)
    {
        double max = TensorPrimitives.Max(logits), sum = 0;
        foreach (float logit in logits)
            sum += Math.Exp(logit - max);
        float normaliser = (float)(max + Math.Log(sum));
        var logprobs = new float[logits.Length];
        TensorPrimitives.Subtract(logits, normaliser, logprobs);
        return logprobs;
    }

    private static IEnumerable<float> Best(float[] logprobs)
    {
        int[] ids = new int[TopCount];
        TopTokens.Select(logprobs, TopCount, ids);
        return ids.Select(id => logprobs[id]);
    }
}
