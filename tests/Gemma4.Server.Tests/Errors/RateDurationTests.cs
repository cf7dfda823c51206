using Gemma4.Server.Errors;
using Xunit;

namespace Gemma4.Server.Tests.Errors;

public sealed class RateDurationTests
{
    [Theory]
    [InlineData(0, "0s")]
    [InlineData(0.0001, "1ms")]
    [InlineData(0.02, "20ms")]
    [InlineData(0.9995, "1s")]
    [InlineData(1, "1s")]
    [InlineData(7.66, "7.66s")]
    [InlineData(90.951, "1m30.951s")]
    [InlineData(360, "6m0s")]
    [InlineData(3602, "1h0m2s")]
    public void Duration_is_written_as_OpenAI_does(double seconds, string expected) =>
        Assert.Equal(expected, RateDuration.Text(TimeSpan.FromTicks((long)Math.Round(seconds * TimeSpan.TicksPerSecond))));
}
