using Gemma4.Engine.Backends;
using Gemma4.Engine.Models;
using Gemma4.Verification;
using Xunit;

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
        using Gemma4Model model = ExactModel.Of(name);
        int[] prompt = [.. Enumerable.Range(0, 60).Select(i => 100 + i * 31 % 1500)];
        float[] whole = Logits(model, prompt, chunk: prompt.Length);
        Assert.Equal(whole, Logits(model, prompt, chunk: 1));
        Assert.Equal(whole, Logits(model, prompt, chunk: 7));
    }

    private static float[] Logits(Gemma4Model model, int[] prompt, int chunk)
    {
        using var session = new PagedSession(model, prompt.Length);
        while (true)
        {
            int first = session.NumTokens, end = Math.Min(first + chunk, prompt.Length);
            Activations hidden = session.Step(prompt.AsSpan(first, end - first), []);
            if (end == prompt.Length)
                return model.Logits(hidden, [hidden.NumRows - 1])[0].ToArray();
        }
    }
}
