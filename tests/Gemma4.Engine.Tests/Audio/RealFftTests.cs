using System.Numerics;
using Gemma4.Engine.Audio;
using Xunit;

namespace Gemma4.Engine.Tests.Audio;

public sealed class RealFftTests
{
    [Theory]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(64)]
    [InlineData(512)]
    [InlineData(2048)]
    public void Magnitudes_are_those_of_the_definition(int length)
    {
        var random = new Random(length);
        double[] samples = [.. Enumerable.Range(0, length).Select(_ => random.NextDouble() * 2 - 1)];
        double[] expected = new double[length / 2 + 1], actual = new double[length / 2 + 1];
        RealFft.Reference(samples, expected);
        new RealFft(length).Magnitudes(samples, new Complex[length / 2], actual);
        for (int k = 0; k < expected.Length; k++)
            Assert.Equal(expected[k], actual[k], 1e-10 * length);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(100)]
    public void Length_must_be_a_power_of_two(int length) => Assert.Throws<ArgumentException>(() => new RealFft(length));
}
