using Gemma4.Server.Mapping;
using Gemma4.Server.OpenAI.Audio;
using Xunit;

namespace Gemma4.Server.Tests.Mapping;

public sealed class TranscriptFormatsTests
{
    private static readonly TranscriptionSegment[] Segments = [new(0, 0, 27.1256, "Hello\n\nthere --> you."), new(1, 27.1256, 3725.5, "Bye.")];

    [Fact]
    public void Srt_numbers_its_cues() => Assert.Equal(
        "1\n00:00:00,000 --> 00:00:27,126\nHello\nthere -> you.\n\n2\n00:00:27,126 --> 01:02:05,500\nBye.\n\n", TranscriptFormats.Srt(Segments));

    [Fact]
    public void Vtt_has_a_heading() => Assert.Equal(
        "WEBVTT\n\n00:00:00.000 --> 00:00:27.126\nHello\nthere -> you.\n\n00:00:27.126 --> 01:02:05.500\nBye.\n\n", TranscriptFormats.Vtt(Segments));
}
