using Gemma4.Engine.Kernels;
using Xunit;

namespace Gemma4.Engine.Tests.Kernels;

public sealed unsafe class RotateHeadTests
{
    [Fact]
    public void Every_number_of_pairs_equals_the_definition()
    {
        const int HeadDim = 130;
        var random = new Random(1);
        float[] x = [.. Enumerable.Range(0, HeadDim).Select(_ => random.NextSingle() - 0.5f)];
        for (int pairs = 0; pairs <= HeadDim / 2; pairs++)
        {
            float[] cos = [.. Enumerable.Range(0, pairs).Select(i => MathF.Cos(i + 0.3f))], sin = [.. Enumerable.Range(0, pairs).Select(i => MathF.Sin(i + 0.3f))];
            float[] expected = new float[HeadDim], actual = new float[HeadDim];
            RotateHead.Reference(x, cos, sin, expected);
            fixed (float* px = x, pc = cos, ps = sin, py = actual)
                RotateHead.Run(px, pc, ps, py, HeadDim, pairs);
            Assert.Equal(expected, actual);
            float[] inPlace = [.. x];
            fixed (float* pc = cos, ps = sin, py = inPlace)
                RotateHead.Run(py, pc, ps, py, HeadDim, pairs);
            Assert.Equal(expected, inPlace);
        }
    }
}
