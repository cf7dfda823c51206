using Gemma4.Engine.Backends;
using Gemma4.Engine.Models;
using Gemma4.Engine.Tests.Loading;
using Gemma4.Engine.Tests.Models;
using Gemma4.Verification;
using Xunit;

namespace Gemma4.Engine.Tests.Verification;

public sealed class ConditioningTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("tiny-31b")]
    [InlineData("tiny-26b-a4b")]
    public void Roundings_of_other_seeds_move_an_ill_conditioned_model_within_the_allowance(string name)
    {
        using CheckpointFolder folder = CheckpointFolder.Copy(name);
        for (int layer = 0; layer < 6; layer++)
            folder.Scale($"model.language_model.layers.{layer}.self_attn.q_norm.weight", 3f);
        using Gemma4Model model = ExactModel.Load(Path.Combine(folder.Root, "models", name));
        GoldenCase golden = GoldenCase.ReadAll(folder.Root, name, model.Config).Single(c => c.Name == "short");
        var trace = new ForwardTrace(ForwardTrace.ReferenceRows, routingRows: 0);
        using var session = new PagedSession(model, golden.InputIds.Length);
        Activations hidden = session.Step(golden.InputIds.AsSpan(), golden.MediaSpans, null, trace);
        float[] logits = model.Logits(hidden, [hidden.NumRows - 1])[0].ToArray();
        var conditioning = new Conditioning(model, golden, trace, logits, AccuracyBars.For(float32: true).Rounding);

        Movement allowance = conditioning.Allowance();
        Movement[] others = [.. Enumerable.Range(100, 60).Select(conditioning.Perturb)];
        output.WriteLine($"allowed {allowance}, moved {string.Join(", ", others.Select(o => o.Logits))}");
        Assert.All(others, moved => Assert.InRange(moved.Hidden, 0, allowance.Hidden));
        Assert.All(others, moved => Assert.InRange(moved.Logits, 0, allowance.Logits));
        // One perturbation says too little: there are seeds that move the model by far more than another.
        Assert.True(others.Max(o => o.Logits) > 1.5f * others.Min(o => o.Logits));
    }
}
