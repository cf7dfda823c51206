using Gemma4.Engine.Kernels;
using Xunit;

namespace Gemma4.Engine.Tests.Kernels;

public sealed unsafe class GatedGeluTests
{
    [Fact]
    public void Every_element_has_the_same_bits_at_every_place_and_in_every_width() => RowKernelCheck.EveryLengthAndPlace(
        static (x, y, n) => GatedGelu.Run<Lanes1>(x, x, y, 1),
        static (x, y, n) => GatedGelu.Run<Lanes4>(x, x, y, n),
        static (x, y, n) => GatedGelu.Run<Lanes8>(x, x, y, n),
        static (x, y, n) => GatedGelu.Run<Lanes16>(x, x, y, n),
        static (x, y, n) => GatedGelu.Run(x, x, y, n));

    [Fact]
    public void It_agrees_with_the_definition()
    {
        float[] gate = [.. Enumerable.Range(-120_000, 240_001).Select(i => i * 1e-4f)], up = [.. gate.Select((_, i) => i % 2 == 0 ? 1f : -0.75f)];
        float[] expected = new float[gate.Length], actual = new float[gate.Length];
        GatedGelu.Reference(gate, up, expected);
        fixed (float* g = gate, u = up, y = actual)
            GatedGelu.Run(g, u, y, gate.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.InRange(actual[i], expected[i] - 2e-6f * MathF.Abs(expected[i]) - 1e-9f, expected[i] + 2e-6f * MathF.Abs(expected[i]) + 1e-9f);
    }

    [Theory]
    [InlineData(0f, 0f)]
    [InlineData(-40f, 0f)]
    [InlineData(40f, 40f)]
    [InlineData(float.PositiveInfinity, float.PositiveInfinity)]
    [InlineData(float.NaN, float.NaN)]
    public void Ends_of_the_range_are_exact(float gate, float expected)
    {
        float one = 1f, y;
        GatedGelu.Run(&gate, &one, &y, 1);
        Assert.Equal(expected, y);
    }
}
