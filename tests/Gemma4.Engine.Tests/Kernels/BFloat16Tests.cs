using Gemma4.Engine.Kernels;
using Xunit;

namespace Gemma4.Engine.Tests.Kernels;

public sealed class BFloat16Tests
{
    [Theory]
    [InlineData(1.00390625f, 0x3F80)]    // halfway between 0x3F80 and 0x3F81: to even
    [InlineData(1.01171875f, 0x3F82)]    // halfway between 0x3F81 and 0x3F82: to even
    [InlineData(float.PositiveInfinity, 0x7F80)]
    [InlineData(-0f, 0x8000)]
    public void Rounds_to_nearest_even(float value, int expected) => Assert.Equal(expected, BFloat16.FromSingle(value));

    [Fact]
    public void Keeps_not_a_number() => Assert.True(float.IsNaN(BFloat16.ToSingle(BFloat16.FromSingle(BitConverter.UInt32BitsToSingle(0x7F800001)))));
}
