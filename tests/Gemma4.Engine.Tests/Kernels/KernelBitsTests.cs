using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Gemma4.Engine.Kernels;
using Gemma4.Engine.Kernels.Panels;
using Gemma4.Engine.Tests.Kernels.Panels;
using Xunit;

namespace Gemma4.Engine.Tests.Kernels;

/// <summary>What the text model's kernels give, to the last bit: the same on every processor and under every instruction set.</summary>
/// <remarks>
/// <see cref="InstructionSetTests"/> runs this class again with instruction sets switched off. Who changes a kernel's arithmetic on purpose
/// writes the digest found here; who sees another digest on another machine has found a defect.
/// </remarks>
public sealed unsafe class KernelBitsTests
{
    private const int N = 1003;      // a remainder in every width

    [Fact]
    public void Exponential_gives_these_bits()
    {
        float[] y = new float[N];
        Exponential.Run(Numbers(N, 1, 20), y);
        AssertDigest("6FAB8A68DD75", y);
    }

    [Fact]
    public void Gated_gelu_gives_these_bits()
    {
        float[] y = new float[N];
        fixed (float* gate = Numbers(N, 1, 8), up = Numbers(N, 2, 8), to = y)
            GatedGelu.Run(gate, up, to, N);
        AssertDigest("55CE00F0532A", y);
    }

    [Fact]
    public void Softcap_gives_these_bits()
    {
        float[] y = new float[N];
        fixed (float* x = Numbers(N, 1, 60), to = y)
            Softcap.Run(x, 30f, to, N);
        AssertDigest("30BDD6EEA541", y);
    }

    [Fact]
    public void Sine_and_cosine_give_these_bits()
    {
        (float Sin, float Cos)[] y = [.. Numbers(N, 1, 100_000).Select(SineCosine.Of)];
        AssertDigest("FB637EE35268", [.. y.Select(p => p.Sin), .. y.Select(p => p.Cos)]);
    }

    [Fact]
    public void Top_experts_give_these_bits()
    {
        float[] shares = new float[8];
        TopExperts.Run(Numbers(128, 1, 4), Numbers(128, 2, 1), new long[8], shares);
        AssertDigest("448C1A8E58F3", shares);
    }

    [Fact]
    public void Row_sum_gives_these_bits() => Assert.Equal(-4606805297317543936, BitConverter.DoubleToInt64Bits(RowSum.Run(Numbers(N, 1, 1))));

    [Fact]
    public void Rms_norm_gives_these_bits()
    {
        float[] y = new float[N];
        fixed (float* x = Numbers(N, 1, 2), w = Numbers(N, 2, 1), to = y)
            RmsNormRow.Run(x, w, 1e-6f, to, N);
        AssertDigest("A60E816DA8CA", y);
    }

    [Fact]
    public void Rotation_gives_these_bits()
    {
        float[] y = new float[130];
        fixed (float* x = Numbers(130, 1, 2), cos = Numbers(61, 2, 1), sin = Numbers(61, 3, 1), to = y)
            RotateHead.Run(x, cos, sin, to, 130, 61);
        AssertDigest("2D1397BD2106", y);
    }

    [Fact]
    public void Products_give_these_bits()
    {
        const int Tokens = 6, Rows = 9, In = 203;
        float[] y = new float[2 * Tokens * Rows];
        float[] weights = Numbers(Rows * In, 2, 1);
        ushort[] halves = [.. weights.Select(BFloat16.FromSingle)];
        fixed (float* x = Numbers(Tokens * In, 1, 1), w = weights, to = y)
        fixed (ushort* h = halves)
        {
            MatMul.Run<Float32, float>(x, w, to, Tokens, Rows, In, Rows);
            MatMul.Run<BFloat16, ushort>(x, h, to + Tokens * Rows, Tokens, Rows, In, Rows);
        }
        AssertDigest("9C587F0F98AD", y);
    }

    [Fact]
    public void Products_of_quantised_weights_give_these_bits()
    {
        const int Tokens = 11, Rows = 21, Columns = 512;
        PanelKernels kernels = PanelKernels.Create(KernelChoice.Auto);
        using ActivationGroups x = StoredWeights.Quantise(Numbers(Tokens * Columns, 1, 1), Tokens, Columns);
        WeightFormat[] formats = [.. StoredWeights.Formats];
        float[] y = new float[formats.Length * Tokens * Rows];
        for (int i = 0; i < formats.Length; i++)
        {
            PanelMatrix weight = StoredWeights.Pack(formats[i], Rows, Columns, StoredWeights.Random(formats[i], Rows, Columns, 2));
            fixed (float* to = y)
                PanelProduct.Run(kernels, x, weight, 0, weight.NumPanels, to + i * Tokens * Rows, Rows);
        }
        AssertDigest("4351FA0C45B1", y);
    }

    [Fact]
    public void Attention_scores_give_these_bits()
    {
        const int Queries = 7, Keys = 11, HeadDim = 32;
        float[] y = new float[Queries * Keys];
        fixed (float* q = Numbers(Queries * HeadDim, 1, 1), k = Numbers(Keys * HeadDim, 2, 1), to = y)
            AttentionScores.Run(q, Queries, k, Keys, to, HeadDim, Keys);
        AssertDigest("FA4EB28ADFEC", y);
    }

    [Fact]
    public void Attention_values_give_these_bits()
    {
        const int Queries = 7, Values = 11, HeadDim = 40;
        float[] y = Numbers(Queries * HeadDim, 3, 1);
        fixed (float* w = Numbers(Queries * Values, 1, 1), v = Numbers(Values * HeadDim, 2, 1), to = y)
            AttentionValues.Run(w, Values, v, Values, to, Queries, HeadDim);
        AssertDigest("B9EE036A5700", y);
    }

    [Fact]
    public void Partial_softmax_gives_these_bits()
    {
        const int HeadDim = 32;
        float[] scores = Numbers(128, 1, 20), y = Numbers(HeadDim, 2, 1);
        PartialSoftmax.Weigh(scores, out float max, out float sum);
        float total = 3, largest = 1;
        fixed (float* own = Numbers(HeadDim, 3, 1), to = y)
            PartialSoftmax.Join(ref largest, ref total, to, max, sum, own, HeadDim);
        AssertDigest("B5A19DE6AD11", [.. scores, max, sum, largest, total, .. y]);
    }

    [Fact]
    public void Signed_bytes_give_these_bits()
    {
        float[] x = Numbers(N, 1, 3), y = new float[N];
        fixed (float* from = x, to = y)
        fixed (sbyte* q = new sbyte[N])
            Int8Row.Widen(q, Int8Row.Quantise(from, q, N), to, N);
        AssertDigest("7B96A81B7934", y);
    }

    /// <summary>Multiples of <c>range / 2²³</c> in ± range, by a generator of our own: the same everywhere.</summary>
    private static float[] Numbers(int count, uint seed, float range)
    {
        var numbers = new float[count];
        uint state = seed * 2654435761;
        for (int i = 0; i < count; i++)
        {
            state = state * 1664525 + 1013904223;
            numbers[i] = ((int)(state >> 8) - (1 << 23)) * (range / (1 << 23));
        }
        return numbers;
    }

    private static void AssertDigest(string expected, float[] found) =>
        Assert.Equal(expected, Convert.ToHexString(SHA256.HashData(MemoryMarshal.AsBytes<float>(found)).AsSpan(0, 6)));
}
