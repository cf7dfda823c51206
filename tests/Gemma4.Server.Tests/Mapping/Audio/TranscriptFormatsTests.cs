using Gemma4.Server.Mapping.Audio;
using Gemma4.Server.OpenAI.Audio;
using Xunit;

namespace Gemma4.Server.Tests.Mapping.Audio;

public sealed class TranscriptFormatsTests
{
    private static readonly TranscriptionSegment[] Segments =
        [Segment(0, 0, 27.1256, "Hello\n\nthere --> you."), Segment(1, 27.1256, 50, ""), Segment(2, 50, 3725.5, "Bye.")];

    [Fact]
    public void Srt_numbers_its_cues_and_skips_silence() => Assert.Equal(
        "1\n00:00:00,000 --> 00:00:27,126\nHello\nthere -> you.\n\n2\n00:00:50,000 --> 01:02:05,500\nBye.\n\n", TranscriptFormats.Srt(Segments));

    [Fact]
    public void Vtt_has_a_heading() => Assert.Equal(
        "WEBVTT\n\n00:00:00.000 --> 00:00:27.126\nHello\nthere -> you.\n\n00:00:50.000 --> 01:02:05.500\nBye.\n\n", TranscriptFormats.Vtt(Segments));

    private static TranscriptionSegment Segment(int id, double start, double end, string text) => new()
    {
        Id = id,
        Seek = (int)(start * 100),
        Start = start,
        End = end,
        Text = text,
        Tokens = [],
        Temperature = 0,
        AvgLogprob = 0,
        CompressionRatio = 1,
        NoSpeechProb = 0,
    };
}
