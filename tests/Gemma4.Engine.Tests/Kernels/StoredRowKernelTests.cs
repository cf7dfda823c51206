using Gemma4.Engine.Kernels;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Kernels;

/// <summary>Rows on their way into and out of the KV cache's formats, and sums of rows: every length between guarded pages.</summary>
public sealed unsafe class StoredRowKernelTests
{
    private const int Longest = 257;

    [Fact]
    public void Every_number_is_rounded_to_bfloat16_and_widened_as_it_is_alone()
    {
        float[] x = RowKernelCheck.Inputs(Longest, 1);
        ushort[] expected = new ushort[Longest];
        BFloat16Row.Reference(x, expected);
        using GuardedMemory source = new(Longest * sizeof(float)), target = new(Longest * sizeof(ushort));
        for (int n = 0; n <= Longest; n++)
        {
            Span<float> from = source.AtEnd<float>(n);
            Span<ushort> to = target.AtEnd<ushort>(n);
            x.AsSpan(0, n).CopyTo(from);
            fixed (float* px = from)
            fixed (ushort* py = to)
                BFloat16Row.Round(px, py, n);
            Assert.Equal(expected.AsSpan(0, n), to);
            fixed (float* px = from)
            fixed (ushort* py = to)
                BFloat16Row.Widen(py, px, n);
            RowKernelCheck.SameBits([.. expected[..n].Select(BFloat16.ToSingle)], from);
        }
    }

    [Fact]
    public void A_row_of_signed_bytes_comes_back_within_half_a_step()
    {
        using GuardedMemory source = new(Longest * sizeof(float)), stored = new(Longest), back = new(Longest * sizeof(float));
        var random = new Random(1);
        for (int n = 0; n <= Longest; n++)
        {
            Span<float> x = source.AtEnd<float>(n), y = back.AtEnd<float>(n);
            for (int i = 0; i < n; i++)
                x[i] = (random.NextSingle() - 0.5f) * 7;
            fixed (float* px = x, py = y)
            fixed (sbyte* q = stored.AtEnd<sbyte>(n))
            {
                float scale = Int8Row.Quantise(px, q, n);
                Int8Row.Widen(q, scale, py, n);
                for (int i = 0; i < n; i++)
                {
                    Assert.InRange(MathF.Abs(x[i] - y[i]), 0, scale * 0.5001f);
                    Assert.Equal(q[i] * scale, y[i]);
                }
            }
        }
    }

    [Fact]
    public void A_row_of_zeros_stays_zeros()
    {
        float[] x = new float[32], y = new float[32];
        sbyte[] stored = new sbyte[32];
        fixed (float* px = x, py = y)
        fixed (sbyte* q = stored)
            Int8Row.Widen(q, Int8Row.Quantise(px, q, 32), py, 32);
        Assert.All(y, value => Assert.Equal(0, value));
    }

    [Fact]
    public void Sums_and_multiples_have_the_same_bits_at_every_place()
    {
        RowKernelCheck.EveryLengthAndPlace(
            static (x, y, n) => Sum(x, y, 1), static (x, y, n) => Sum(x, y, n));
        RowKernelCheck.EveryLengthAndPlace(
            static (x, y, n) => Multiple(x, y, 1), static (x, y, n) => Multiple(x, y, n));
        RowKernelCheck.EveryLengthAndPlace(
            static (x, y, n) => Scaled(x, y, 1), static (x, y, n) => Scaled(x, y, n));
    }

    private static void Sum(float* x, float* y, int n)
    {
        new Span<float>(y, n).Fill(0.3f);
        RowArithmetic.Add(x, y, n);
    }

    private static void Multiple(float* x, float* y, int n)
    {
        new Span<float>(x, n).CopyTo(new Span<float>(y, n));
        RowArithmetic.Scale(y, 0.7f, n);
    }

    private static void Scaled(float* x, float* y, int n)
    {
        new Span<float>(y, n).Fill(0.3f);
        RowArithmetic.AddScaled(x, 0.7f, y, n);
    }
}
