using Gemma4.Engine.Kernels;
using Xunit;

namespace Gemma4.Engine.Tests.Kernels;

public sealed class SineCosineTests
{
    [Fact]
    public void It_is_the_definition_to_the_last_bit_but_for_ties()
    {
        var random = new Random(1);
        int different = 0;
        for (int i = 0; i < 1_000_000; i++)
        {
            float angle = (i % 3) switch { 0 => i, 1 => random.NextSingle() * 8 - 4, _ => (random.NextSingle() - 0.5f) * (1 << 20) };
            (float Sin, float Cos) expected = SineCosine.Reference(angle), found = SineCosine.Of(angle);
            if (expected != found)
                different++;
            Assert.InRange(found.Sin, MathF.BitDecrement(expected.Sin), MathF.BitIncrement(expected.Sin));
            Assert.InRange(found.Cos, MathF.BitDecrement(expected.Cos), MathF.BitIncrement(expected.Cos));
        }
        Assert.InRange(different, 0, 10);
    }

    [Fact]
    public void Angles_beyond_any_context_stay_close() =>
        Assert.Equal(Math.Sin(8_000_000), SineCosine.Of(8_000_000f).Sin, 1e-7);
}
