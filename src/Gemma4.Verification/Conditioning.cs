using Gemma4.Engine;
using Gemma4.Engine.Backends;
using Gemma4.Engine.Models;
using Gemma4.Engine.Models.Text;

namespace Gemma4.Verification;

/// <summary>How far an answer moves: its largest difference in hidden states and in logits.</summary>
internal readonly record struct Movement(float Hidden, float Logits);

/// <summary>What rounding alone may do to a model on one prompt.</summary>
/// <param name="model">The model.</param>
/// <param name="golden">The prompt.</param>
/// <param name="trace">Of the model's own run over the prompt.</param>
/// <param name="logits">The last position's, of the same run.</param>
/// <param name="rounding">Relative size of one rounding.</param>
/// <remarks>
/// Random models with unscaled attention can multiply a last bit a thousandfold, and no two orders of summation agree closer than that.
/// How far one perturbation moves such a model is chance, and the reference's own order of sums is one more draw of it. A wrong model
/// misses the bar by orders of magnitude, as the perturbed twins show.
/// </remarks>
internal sealed class Conditioning(Gemma4Model model, GoldenCase golden, ForwardTrace trace, float[] logits, float rounding)
{
    private const int NumPerturbations = 6;

    /// <summary>How many times the largest movement a right model may be off: six are few draws of that chance.</summary>
    private const int Margin = 4;

    /// <summary>The most that a right model may be off.</summary>
    public Movement Allowance()
    {
        Movement[] moved = [.. Enumerable.Range(1, NumPerturbations).Select(Perturb)];
        return new Movement(Margin * moved.Max(m => m.Hidden), Margin * moved.Max(m => m.Logits));
    }

    /// <summary>The movement when every embedding is moved by one rounding, up or down by chance.</summary>
    public Movement Perturb(int seed)
    {
        var random = new Random(seed);
        int tokens = golden.InputIds.Length;
        float[] moved = [.. trace.Embeddings.Select(e => e * (1 + (random.Next(2) * 2 - 1) * rounding))];
        var soft = new SoftTokens(Enumerable.Range(0, tokens).ToArray(), moved);
        var movedTrace = new ForwardTrace(ForwardTrace.ReferenceRows, routingRows: 0);
        using var session = new PagedSession(model, tokens);
        Activations hidden = session.Step(golden.InputIds.AsSpan(), golden.MediaSpans, soft, movedTrace);
        float[] movedLogits = model.Logits(hidden, [tokens - 1])[0].ToArray();                           // [V]
        return new Movement(Largest(movedTrace.HiddenTail, trace.HiddenTail), Largest(movedLogits, logits));
    }

    private static float Largest(float[] a, float[] b) => a.Zip(b).Max(p => MathF.Abs(p.First - p.Second));
}
