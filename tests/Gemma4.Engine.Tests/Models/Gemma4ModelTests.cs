using Gemma4.Engine.Loading;
using Gemma4.Engine.Models;
using Gemma4.Engine.Verification;
using Gemma4.Testing;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Gemma4.Engine.Tests.Models;

public sealed class Gemma4ModelTests
{
    [Theory]
    [InlineData("tiny-31b")]
    [InlineData("tiny-26b-a4b")]
    [InlineData("tiny-e2b")]
    [InlineData("tiny-e4b")]
    public void Prompt_gives_the_same_bits_in_any_chunks(string name)
    {
        using IDisposable inference = inference_mode();
        using Gemma4Model model = Load(name);
        int[] prompt = [.. Enumerable.Range(0, 60).Select(i => 100 + i * 31 % 1500)];
        float[] whole = Logits(model, prompt, chunk: prompt.Length);
        Assert.Equal(whole, Logits(model, prompt, chunk: 1));
        Assert.Equal(whole, Logits(model, prompt, chunk: 7));
    }

    private static Gemma4Model Load(string name) =>
        ModelLoader.Load(Path.Combine(RepositoryPaths.Fixtures, "models", name), ScalarType.Float32, CPU);

    private static float[] Logits(Gemma4Model model, int[] prompt, int chunk)
    {
        using var session = new PagedSession(model, prompt.Length);
        while (true)
        {
            using DisposeScope scope = NewDisposeScope();
            int first = session.NumTokens, end = Math.Min(first + chunk, prompt.Length);
            Tensor hidden = session.Step(prompt.AsSpan(first, end - first), []);
            if (end == prompt.Length)
                return model.Logits(hidden.narrow(0, hidden.shape[0] - 1, 1)).data<float>().ToArray();
        }
    }
}
