using System.Runtime.InteropServices;
using System.Text.Json;
using Gemma4.Engine.Kernels;
using Gemma4.Engine.Kernels.Blocks;
using Gemma4.Engine.Loading.Gguf;
using Gemma4.Engine.Tests.Loading.Gguf;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Kernels.Blocks;

public sealed class EncoderTests
{
    private const string Layers = "model.language_model.layers.";

    [Fact]
    public void Eight_bits_are_the_bytes_of_the_reference_quantiser()
    {
        GgufFile expected = GgufFile.Read(GgufFixtures.Find("tiny-31b-Q8_0"));
        Dictionary<string, byte[]> published = SafetensorsBytes.Read(Path.Combine(RepositoryPaths.Fixtures, "models", "tiny-31b", "model.safetensors"));
        int compared = 0;
        foreach ((string name, byte[] bytes) in published)
        {
            if (GgufNames.Find(name) is not { } stored || expected.Find(stored) is not { Format: WeightFormat.Q8_0 } tensor)
                continue;
            float[] values = Widen(bytes);
            byte[] blocks = new byte[tensor.Length];
            Q8Encoder.Encode(values, blocks);
            Assert.True(blocks.AsSpan().SequenceEqual(GgufBytes.Read(tensor)), name);
            compared++;
        }
        Assert.True(compared > 30, $"{compared} tensors were compared");
    }

    [Theory]
    [InlineData("tiny-31b-qat", Int4Fit.Exact)]
    [InlineData("tiny-31b-qat-rounded", Int4Fit.ExactInBFloat16)]
    public void Weights_trained_for_four_bits_give_back_every_step(string model, object fit)
    {
        string folder = RepositoryPaths.RequireShared($"fixtures/quantized/qat/{model}");
        Dictionary<string, byte[]> published = SafetensorsBytes.Read(Path.Combine(folder, "model.safetensors"));
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "expected_steps.json")));
        foreach (JsonProperty tensor in expected.RootElement.EnumerateObject())
        {
            float[] values = Widen(published[tensor.Name]);
            float[] steps = [.. tensor.Value.GetProperty("step").EnumerateArray().SelectMany(row => row.EnumerateArray()).Select(step => step.GetSingle())];
            byte[] blocks = Encode(values, out Int4Fit found);
            Assert.Equal(fit, found);
            for (int i = 0; i < steps.Length; i++)
                Assert.Equal(steps[i], (float)MemoryMarshal.Read<Half>(blocks.AsSpan(i * 18)));
        }
        int grids = 0;
        foreach ((string name, byte[] bytes) in published.Where(t => t.Key.StartsWith(Layers, StringComparison.Ordinal) && t.Key.EndsWith("proj.weight", StringComparison.Ordinal)))
        {
            float[] values = Widen(bytes), decoded = new float[values.Length];
            WeightDecoder.Decode(WeightFormat.Q4_0, Encode(values, out Int4Fit found), decoded);
            Assert.True(found <= (Int4Fit)fit, name);
            for (int i = 0; i < values.Length; i++)
                Assert.True(values[i] == (found == Int4Fit.Exact ? decoded[i] : BFloat16.ToSingle(BFloat16.FromSingle(decoded[i]))), $"{name}[{i}]");
            grids++;
        }
        Assert.Equal(41, grids);
    }

    [Fact]
    public void Other_weights_are_nearer_than_the_reference_quantiser_puts_them()
    {
        GgufFile reference = GgufFile.Read(GgufFixtures.Find("tiny-31b-Q4_0"));
        Dictionary<string, byte[]> published = SafetensorsBytes.Read(Path.Combine(RepositoryPaths.Fixtures, "models", "tiny-31b", "model.safetensors"));
        double ours = 0, theirs = 0;
        foreach ((string name, byte[] bytes) in published)
        {
            if (GgufNames.Find(name) is not { } stored || reference.Find(stored) is not { Format: WeightFormat.Q4_0 } tensor)
                continue;
            float[] values = Widen(bytes), decoded = new float[values.Length];
            WeightDecoder.Decode(WeightFormat.Q4_0, Encode(values, out Int4Fit fit), decoded);
            Assert.Equal(Int4Fit.Rounded, fit);
            ours += SquaredError(values, decoded);
            WeightDecoder.Decode(WeightFormat.Q4_0, GgufBytes.Read(tensor), decoded);
            theirs += SquaredError(values, decoded);
        }
        Assert.InRange(ours / theirs, 0.5, 0.9);
    }

    [Fact]
    public void Zeros_and_numbers_below_every_scale_become_zeros()
    {
        float[] values = new float[64], decoded = new float[64];
        values[40] = 1e-12f;
        WeightDecoder.Decode(WeightFormat.Q4_0, Encode(values, out _), decoded);
        Assert.All(decoded, v => Assert.Equal(0, v));
        byte[] blocks = new byte[68];
        Q8Encoder.Encode(values, blocks);
        WeightDecoder.Decode(WeightFormat.Q8_0, blocks, decoded);
        Assert.All(decoded, v => Assert.Equal(0, v));
    }

    private static byte[] Encode(float[] values, out Int4Fit fit)
    {
        byte[] blocks = new byte[values.Length / 32 * 18];
        fit = Int4Encoder.Encode(values, blocks);
        return blocks;
    }

    private static float[] Widen(byte[] bfloat16)
    {
        var values = new float[bfloat16.Length / 2];
        WeightDecoder.Decode(WeightFormat.BFloat16, bfloat16, values);
        return values;
    }

    private static double SquaredError(float[] a, float[] b) => a.Zip(b, (x, y) => ((double)x - y) * ((double)x - y)).Sum();
}
