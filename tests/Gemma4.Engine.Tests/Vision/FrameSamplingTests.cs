using System.Collections.Immutable;
using Gemma4.Engine.Vision;
using Xunit;

namespace Gemma4.Engine.Tests.Vision;

public sealed class FrameSamplingTests
{
    [Theory]
    [InlineData(8, 4, new[] { 0, 2, 4, 6 })]
    [InlineData(10, 4, new[] { 0, 2, 5, 7 })]
    [InlineData(100, 3, new[] { 0, 33, 66 })]
    [InlineData(5, 1, new[] { 0 })]
    [InlineData(3, 32, new[] { 0, 1, 2 })] // shorter than asked for: all of it
    [InlineData(0, 32, new int[0])]
    public void Frames_are_spread_evenly_from_the_first(int available, int wanted, int[] expected) =>
        Assert.Equal(expected, FrameSampling.Indices(available, wanted));

    [Fact]
    public void As_many_frames_as_asked_for_lie_inside_every_video_and_no_two_are_one()
    {
        for (int available = 1; available <= 400; available++)
        {
            for (int wanted = 1; wanted <= FrameSampling.MaxFrames; wanted++)
            {
                ImmutableArray<int> indices = FrameSampling.Indices(available, wanted);
                Assert.Equal(Math.Min(available, wanted), indices.Length);
                Assert.Equal(0, indices[0]);
                Assert.True(indices[^1] < available);
                for (int i = 1; i < indices.Length; i++)
                    Assert.True(indices[i] > indices[i - 1]);
            }
        }
    }

    [Fact]
    public void Longest_video_does_not_overflow() =>
        Assert.Equal((int)(59L * int.MaxValue / 60), FrameSampling.Indices(int.MaxValue, 60)[^1]);

    [Theory]
    [InlineData(0, 24, 0)]
    [InlineData(48, 24, 2)]
    [InlineData(61, 1, 61)]
    [InlineData(3, 2, 1.5)]
    public void Frame_is_shown_at_its_index_over_the_rate(int index, double rate, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), FrameSampling.TimeOf(index, rate));

    [Theory]
    [InlineData(40_999, 30000d / 1001)] // 1367.9999667
    [InlineData(7, 0.07)] // 100 - 1.4e-14
    public void Second_that_has_all_but_begun_has_not_begun(int index, double rate)
    {
        double seconds = index / rate;
        Assert.InRange(Math.Ceiling(seconds) - seconds, double.Epsilon, 1e-4);
        Assert.Equal((long)seconds, FrameSampling.TimeOf(index, rate).Ticks / TimeSpan.TicksPerSecond);
    }

    [Fact]
    public void Whole_seconds_are_those_of_the_quotient_at_every_rate()
    {
        for (int hundredths = 1; hundredths <= 200; hundredths++)
        {
            double rate = hundredths / 100d;
            for (int index = 0; index < 800; index++) // below a day
                Assert.Equal((long)(index / rate), FrameSampling.TimeOf(index, rate).Ticks / TimeSpan.TicksPerSecond);
        }
    }
}
