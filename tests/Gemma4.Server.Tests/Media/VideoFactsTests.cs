using System.Text;
using Gemma4.Server.Media;
using Xunit;

namespace Gemma4.Server.Tests.Media;

public sealed class VideoFactsTests
{
    [Theory]
    [InlineData("30000/1001", 29.97)]
    [InlineData("25/1", 25)]
    [InlineData("0/0", 24)] // not told: as the reference assumes
    public void Rate_is_a_fraction(string rate, double expected) =>
        Assert.Equal(expected, Parse($$"""{"streams":[{"width":96,"height":48,"avg_frame_rate":"{{rate}}","nb_read_packets":"32"}]}""")!.FramesPerSecond, 2);

    [Theory]
    [InlineData("""{"streams":[]}""")]
    [InlineData("{}")]
    [InlineData("")]
    [InlineData("""{"streams":[{"width":96,"height":48,"avg_frame_rate":"25/1"}]}""")]
    [InlineData("""{"streams":[{"width":0,"height":0,"avg_frame_rate":"25/1","nb_read_packets":"3"}]}""")]
    [InlineData("""{"streams":[{"width":96,"height":48,"avg_frame_rate":"25/1","nb_read_packets":"0"}]}""")]
    [InlineData("""{"streams":[{"width":96,"height":48,"avg_frame_rate":"25/1","nb_read_packets":"99999999999"}]}""")]
    public void Answer_without_a_video_is_none(string json) => Assert.Null(Parse(json));

    private static VideoFacts? Parse(string json) => VideoFacts.Parse(Encoding.UTF8.GetBytes(json));
}
