using Gemma4.Engine.Kernels;
using Xunit;

namespace Gemma4.Engine.Tests.Kernels;

public sealed unsafe class SoftcapTests
{
    [Fact]
    public void Every_element_has_the_same_bits_at_every_place_and_in_every_width() => RowKernelCheck.EveryLengthAndPlace(
        static (x, y, n) => Softcap.Run<Lanes1>(x, 30f, y, 1),
        static (x, y, n) => Softcap.Run<Lanes4>(x, 30f, y, n),
        static (x, y, n) => Softcap.Run<Lanes8>(x, 30f, y, n),
        static (x, y, n) => Softcap.Run<Lanes16>(x, 30f, y, n),
        static (x, y, n) => Softcap.Run(x, 30f, y, n));

    [Theory]
    [InlineData(30f)]
    [InlineData(0.5f)]
    public void It_agrees_with_the_definition(float cap)
    {
        float[] x = [.. Enumerable.Range(-400_000, 800_001).Select(i => i * 1e-3f)], expected = new float[x.Length], actual = new float[x.Length];
        Softcap.Reference(x, cap, expected);
        fixed (float* from = x, to = actual)
            Softcap.Run(from, cap, to, x.Length);
        Assert.InRange(RowKernelCheck.LargestError(expected, actual, floor: 0), 0, 6);
    }

    [Theory]
    [InlineData(float.NegativeInfinity, -30f)]
    [InlineData(1e30f, 30f)]
    [InlineData(0f, 0f)]
    [InlineData(float.NaN, float.NaN)]
    public void Ends_of_the_range_reach_the_cap_and_do_not_pass_it(float x, float expected)
    {
        float y;
        Softcap.Run(&x, 30f, &y, 1);
        Assert.Equal(expected, y, 1e-5f);
        Assert.False(MathF.Abs(y) > 30f);
    }
}
