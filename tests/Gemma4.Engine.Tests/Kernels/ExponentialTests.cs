using Gemma4.Engine.Kernels;
using Xunit;

namespace Gemma4.Engine.Tests.Kernels;

public sealed unsafe class ExponentialTests
{
    [Fact]
    public void Every_element_has_the_same_bits_at_every_place_and_in_every_width() => RowKernelCheck.EveryLengthAndPlace(
        static (x, y, n) => *y = Exponential.Of(*x),
        Exponential.Run<Lanes1>, Exponential.Run<Lanes4>, Exponential.Run<Lanes8>, Exponential.Run<Lanes16>,
        static (x, y, n) => Exponential.Run(new ReadOnlySpan<float>(x, n), new Span<float>(y, n)));

    [Fact]
    public void It_agrees_with_the_definition()
    {
        float[] x = [.. Enumerable.Range(-870_000, 1_757_000).Select(i => i * 1e-4f)], expected = new float[x.Length], actual = new float[x.Length];
        Exponential.Reference(x, expected);
        Exponential.Run(x, actual);
        Assert.InRange(RowKernelCheck.LargestError(expected, actual, floor: 0), 0, 1.5);
    }

    [Theory]
    [InlineData(0f, 1f)]
    [InlineData(float.NegativeInfinity, 0f)]
    [InlineData(-200f, 0f)]
    [InlineData(89f, float.PositiveInfinity)]
    [InlineData(float.PositiveInfinity, float.PositiveInfinity)]
    [InlineData(float.NaN, float.NaN)]
    public void Ends_of_the_range_are_exact(float x, float expected) => Assert.Equal(expected, Exponential.Of(x));

    [Fact]
    public void Results_below_the_normal_range_are_rounded_not_dropped() => Assert.Equal((float)Math.Exp(-100), Exponential.Of(-100f), 3e-45f);
}
