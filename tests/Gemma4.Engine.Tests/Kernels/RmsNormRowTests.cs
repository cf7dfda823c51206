using Gemma4.Engine.Kernels;
using Xunit;

namespace Gemma4.Engine.Tests.Kernels;

public sealed unsafe class RmsNormRowTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Every_length_agrees_with_the_definition(bool scaled)
    {
        var random = new Random(1);
        for (int n = 1; n <= 257; n++)
        {
            float[] x = [.. Enumerable.Range(0, n).Select(_ => random.NextSingle() * 4 - 2)];
            float[] w = scaled ? [.. x.Select(_ => random.NextSingle() + 0.5f)] : [];
            float[] expected = new float[n], actual = new float[n];
            RmsNormRow.Reference(x, w, 1e-6f, expected);
            fixed (float* px = x, pw = w, py = actual)
                RmsNormRow.Run(px, pw, 1e-6f, py, n);
            for (int i = 0; i < n; i++)
                Assert.InRange(actual[i], expected[i] - 2e-6f, expected[i] + 2e-6f);
        }
    }
}
