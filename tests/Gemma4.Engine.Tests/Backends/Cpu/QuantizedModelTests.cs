using Gemma4.Engine.Backends;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Models;
using Gemma4.Verification;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Backends.Cpu;

/// <summary>Models whose weights are rounded to fewer bits while loading.</summary>
public sealed class QuantizedModelTests
{
    private static readonly int[] Prompt = [.. Enumerable.Range(0, 60).Select(i => 100 + i * 31 % 1500)];

    [Theory]
    [InlineData("tiny-31b", "int8")]
    [InlineData("tiny-26b-a4b", "int4")]
    [InlineData("tiny-e2b", "int4")]
    public void Prompt_gives_the_same_bits_in_any_chunks_on_any_number_of_threads_with_any_kernels(string name, string quantization)
    {
        float[]? expected = null;
        foreach ((int threads, int chunk, string kernels) in (ReadOnlySpan<(int, int, string)>)[(1, 60, "auto"), (2, 1, "auto"), (3, 7, "portable"), (2, 60, "portable")])
        {
            using Gemma4Model model = Load(name, new ComputeOptions { Device = "cpu", Quantization = quantization, Threads = threads, Kernels = kernels });
            float[] found = Logits(model, chunk);
            Assert.Equal(expected ??= found, found);
        }
    }

    [Theory]
    [InlineData("tiny-31b", "int8", 0.15f)]
    [InlineData("tiny-26b-a4b", "int8", 0.15f)]
    [InlineData("tiny-e2b", "int8", 0.15f)]
    public void Signed_bytes_stay_near_the_model_in_float32(string name, string quantization, float bar)
    {
        using Gemma4Model exact = Load(name, ModelVerifier.Exact), rounded = Load(name, ModelVerifier.Exact with { Quantization = quantization, Activations = "auto" });
        float[] expected = Logits(exact, 60), found = Logits(rounded, 60);
        double distance = Math.Sqrt(expected.Zip(found).Average(p => Math.Pow(p.First - p.Second, 2))), size = Math.Sqrt(expected.Average(x => (double)x * x));
        Assert.True(distance < bar * size, $"{distance} of {size}");
    }

    private static Gemma4Model Load(string name, ComputeOptions options) =>
        Checkpoint.Open(Path.Combine(RepositoryPaths.RequireShared("fixtures/mild"), "models", name)).LoadModel(options);

    private static float[] Logits(Gemma4Model model, int chunk)
    {
        using var session = new PagedSession(model, Prompt.Length);
        while (true)
        {
            int first = session.NumTokens, end = Math.Min(first + chunk, Prompt.Length);
            Activations hidden = session.Step(Prompt.AsSpan(first, end - first), []);
            if (end == Prompt.Length)
                return model.Logits(hidden, [hidden.NumRows - 1])[0].ToArray();
        }
    }
}
