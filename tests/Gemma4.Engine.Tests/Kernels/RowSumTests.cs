using Gemma4.Engine.Kernels;
using Xunit;

namespace Gemma4.Engine.Tests.Kernels;

public sealed class RowSumTests
{
    [Fact]
    public void Every_length_agrees_with_the_plain_sum_wherever_the_row_lies()
    {
        var random = new Random(1);
        float[] x = [.. Enumerable.Range(0, 257 + 8).Select(_ => random.NextSingle() - 0.5f)];
        for (int n = 0; n <= 257; n++)
        {
            double sum = RowSum.Run(x.AsSpan(0, n));
            Assert.Equal(x.Take(n).Sum(v => (double)v), sum, 1e-12);
            float[] moved = new float[n + 8];
            for (int at = 0; at < 8; at++)
            {
                x.AsSpan(0, n).CopyTo(moved.AsSpan(at));
                Assert.Equal(BitConverter.DoubleToInt64Bits(sum), BitConverter.DoubleToInt64Bits(RowSum.Run(moved.AsSpan(at, n))));
            }
        }
    }
}
