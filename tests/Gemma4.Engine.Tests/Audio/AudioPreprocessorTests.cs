using System.Collections.Immutable;
using Gemma4.Engine.Audio;
using Gemma4.Engine.Requests;
using Xunit;

namespace Gemma4.Engine.Tests.Audio;

public sealed class AudioPreprocessorTests
{
    private const string Part = "messages[0].content[0].input_audio";

    [Fact]
    public void More_than_half_a_minute_is_refused_unless_windows_are_allowed()
    {
        byte[] file = TestAudio.Wav16(TestAudio.Tone(300, 8_000, 31), 1, 8_000);
        Assert.Equal("audio_too_long", AssertRefused(file).Code);
        ImmutableArray<AudioWindow> windows = Prepare(file, allowWindows: true);
        Assert.Equal(2, windows.Length);
        Assert.Equal(TimeSpan.Zero, windows[0].Start);
        Assert.Equal(windows[0].Duration, windows[1].Start);
        Assert.Equal(31, (windows[0].Duration + windows[1].Duration).TotalSeconds, 1e-3);
        Assert.All(windows, w => Assert.InRange(w.NumSoftTokens, 1, 750));
        Assert.Single(Prepare(TestAudio.Wav16(TestAudio.Tone(300, 8_000, 30), 1, 8_000)));
    }

    [Fact]
    public void Windows_meet_in_a_pause()
    {
        float[] speech = TestAudio.Tone(300, 16_000, 70);
        speech.AsSpan(27 * 16_000, 4_000).Clear();
        speech.AsSpan(55 * 16_000, 4_000).Clear();
        (int Start, int Length)[] pieces = [.. AudioWindows.Cut(speech)];
        Assert.Equal(3, pieces.Length);
        Assert.InRange(pieces[1].Start, 27 * 16_000, 27 * 16_000 + 4_000);
        Assert.InRange(pieces[2].Start, 55 * 16_000, 55 * 16_000 + 4_000);
    }

    [Theory]
    [InlineData(480_001)]
    [InlineData(481_000)]
    [InlineData(960_001)]
    [InlineData(5_000_000)]
    public void Windows_cover_the_audio_and_none_is_too_long_or_too_short(int samples)
    {
        (int Start, int Length)[] pieces = [.. AudioWindows.Cut(new float[samples])];
        int at = 0;
        foreach ((int start, int length) in pieces)
        {
            Assert.Equal(at, start);
            Assert.InRange(length, 16_000, LogMel.MaxSamples);
            at += length;
        }
        Assert.Equal(samples, at);
    }

    [Fact]
    public void Longer_than_the_limit_is_refused_while_decoding()
    {
        byte[] file = TestAudio.Wav16(TestAudio.Tone(300, 8_000, 50), 1, 8_000);
        var limits = new AudioLimits { MaxDuration = TimeSpan.FromSeconds(45) };
        var e = Assert.Throws<RequestRejectedException>(() => Prepare(file, allowWindows: true, limits));
        Assert.Contains("45 s", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(24_000, true)]
    [InlineData(23_999, false)]
    public void Samples_of_all_channels_are_counted_while_decoding(long limit, bool isAccepted)
    {
        byte[] file = TestAudio.Wav16(TestAudio.Tone(300, 8_000, 1, channels: 3), 3, 8_000);
        var limits = new AudioLimits { MaxDecodedSamples = limit };
        if (isAccepted)
            Assert.Single(Prepare(file, limits: limits));
        else
            Assert.Equal(("audio_too_long", Part), Refusal(() => Prepare(file, limits: limits)));
    }

    private static (string?, string?) Refusal(Action action)
    {
        var e = Assert.Throws<RequestRejectedException>(action);
        return (e.Code, e.Param);
    }

    [Fact]
    public void A_hundredth_of_a_second_is_too_short()
    {
        Assert.Equal("audio_too_short", AssertRefused(TestAudio.Wav16(new float[160], 1, 16_000)).Code);
        Assert.Equal(1, Prepare(TestAudio.Wav16(new float[161], 1, 16_000))[0].NumSoftTokens);
    }

    [Fact]
    public void Equal_audio_clips_are_equal_content_whatever_their_file()
    {
        long[] wave = [.. TestAudio.Tone(400, 16_000, 0.2).Select(s => (long)Math.Round(s * 32767))];
        AudioWindow wav = Prepare(TestAudio.Wav16(TestAudio.Tone(400, 16_000, 0.2), 1, 16_000))[0];
        AudioWindow flac = Prepare(TestFlac.Encode([wave], 16, 16_000, TestFlac.Coding.Fixed))[0];
        Assert.Equal(wav.ContentHash, flac.ContentHash);
        Assert.NotEqual(wav.ContentHash, Prepare(TestAudio.Wav16(TestAudio.Tone(401, 16_000, 0.2), 1, 16_000))[0].ContentHash);
        MediaItem.Audio item = wav.At(3);
        Assert.Equal((3, wav.NumSoftTokens, wav.ContentHash), (item.FirstToken, item.NumSoftTokens, item.ContentHash));
    }

    [Fact]
    public void File_that_is_no_audio_is_refused()
    {
        Assert.Equal("invalid_audio_format", AssertRefused("hello world"u8.ToArray()).Code);
        Assert.Equal("empty_audio_file", AssertRefused([]).Code);
        Assert.Equal("invalid_audio_format", AssertRefused([0xFF, 0xF1, 0x50, 0x80, 0, 0, 0]).Code); // AAC
        Assert.Equal("audio_file_too_large",
            Assert.Throws<RequestRejectedException>(() => Prepare(new byte[11], limits: new AudioLimits { MaxEncodedBytes = 10 })).Code);
    }

    [Fact]
    public void Truncated_or_altered_file_is_refused()
    {
        float[] tone = TestAudio.Tone(400, 16_000, 0.3);
        byte[] wav = TestAudio.Wav16(tone, 1, 16_000);
        byte[] flac = TestFlac.Encode([[.. tone.Select(s => (long)Math.Round(s * 32767))]], 16, 16_000, TestFlac.Coding.Fixed);
        byte[] opus = TestAudio.Opus(TestAudio.Tone(400, 48_000, 0.3), 1);
        foreach (byte[] file in new[] { wav, flac, opus })
        {
            Prepare(file);
            foreach (double share in new[] { 0.3, 0.6, 0.95 })
                AssertRefused(file[..(int)(file.Length * share)]);
        }
        flac[^30] ^= 4;
        opus[^30] ^= 4;
        Assert.Contains("damaged", AssertRefused(flac).Message, StringComparison.Ordinal);
        Assert.Contains("damaged", AssertRefused(opus).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sample_that_is_no_number_is_refused() =>
        Assert.Contains("no number", AssertRefused(TestAudio.Wav(3, 1, 16_000, 32,
            [.. Enumerable.Repeat(BitConverter.GetBytes(float.NaN), 400).SelectMany(b => b)])).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(0, 1)]
    [InlineData(500_000, 1)]
    [InlineData(16_000, 9)]
    public void Absurd_rate_or_channel_count_is_refused(int rate, int channels) =>
        AssertRefused(TestAudio.Wav(1, channels, rate, 16, new byte[channels * 2 * 1000]));

    private static ImmutableArray<AudioWindow> Prepare(byte[] file, bool allowWindows = false, AudioLimits? limits = null) =>
        AudioPreprocessor.Prepare(file, limits ?? AudioLimits.Default, allowWindows, Part, TestContext.Current.CancellationToken);

    private static RequestRejectedException AssertRefused(byte[] file)
    {
        var e = Assert.Throws<RequestRejectedException>(() => Prepare(file));
        Assert.Equal((RejectionReason.InvalidMedia, Part), (e.Reason, e.Param));
        return e;
    }
}
