using Gemma4.Engine.Audio;
using Xunit;

namespace Gemma4.Engine.Tests.Audio;

public sealed class AudioFormatTests
{
    public static TheoryData<ushort, int, double> WavKinds() => new()
    {
        { 1, 8, 0.01 }, { 1, 16, 5e-5 }, { 1, 24, 1e-6 }, { 1, 32, 1e-6 }, { 3, 32, 1e-6 }, { 3, 64, 1e-6 }, { 6, 8, 0.02 }, { 7, 8, 0.02 },
    };

    [Theory]
    [MemberData(nameof(WavKinds))]
    public void Wav_of_every_kind_holds_the_same_audio(ushort encoding, int bits, double tolerance)
    {
        float[] samples = TestAudio.Tone(500, 16_000, 0.1);
        byte[] data = [.. samples.SelectMany(s => Encode(s, encoding, bits))];
        AssertNear(samples, Decode(TestAudio.Wav(encoding, 1, 16_000, bits, data)), tolerance);
        AssertNear(samples, Decode(TestAudio.Wav(encoding, 1, 16_000, bits, data, extensible: true)), tolerance);
    }

    [Fact]
    public void Channels_are_averaged()
    {
        float[] stereo = [.. TestAudio.Tone(500, 16_000, 0.1).SelectMany(s => new[] { s, 0f })];
        AssertNear([.. TestAudio.Tone(500, 16_000, 0.1, height: 0.25)], Decode(TestAudio.Wav16(stereo, 2, 16_000)), 1e-4);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(uint.MaxValue)]
    public void Placeholder_of_a_streamed_wav_reaches_to_the_end(uint stated)
    {
        float[] samples = TestAudio.Tone(500, 16_000, 0.1);
        byte[] data = [.. samples.SelectMany(s => Encode(s, 1, 16))];
        AssertNear(samples, Decode(TestAudio.Wav(1, 1, 16_000, 16, data, statedLength: stated)), 1e-4);
    }

    [Theory]
    [InlineData(0xD5, 8)] // the smallest positive step of A-law: 8 of 32768
    [InlineData(0x55, -8)]
    [InlineData(0xAA, 32256)]
    [InlineData(0x2A, -32256)]
    public void A_law_is_G_711s(byte code, int expected) => Assert.Equal(expected / 32768f, Companding.ALaw(code));

    [Theory]
    [InlineData(0xFF, 0)]
    [InlineData(0x80, 32124)]
    [InlineData(0x00, -32124)]
    [InlineData(0xFE, 8)]
    public void Mu_law_is_G_711s(byte code, int expected) => Assert.Equal(expected / 32768f, Companding.MuLaw(code));

    [Theory]
    [InlineData(TestFlac.Coding.Verbatim, 8, 0)]
    [InlineData(TestFlac.Coding.Verbatim, 16, 0)]
    [InlineData(TestFlac.Coding.Fixed, 16, 0)]
    [InlineData(TestFlac.Coding.Fixed, 24, 8)]
    [InlineData(TestFlac.Coding.Fixed, 16, 9)]
    [InlineData(TestFlac.Coding.Lpc, 16, 10)]
    [InlineData(TestFlac.Coding.Lpc, 20, 0)]
    [InlineData(TestFlac.Coding.Escaped, 16, 10)]
    [InlineData(TestFlac.Coding.Verbatim, 32, 8)]
    public void Flac_is_lossless_however_it_is_coded(TestFlac.Coding coding, int bits, int layout)
    {
        long[][] channels = Integers(bits, channels: 2, samples: 1500, step: 1);
        AssertSame(channels, bits, TestFlac.Encode(channels, bits, 16_000, coding, layout));
    }

    [Fact]
    public void Flac_without_its_wasted_bits_is_lossless()
    {
        long[][] channels = Integers(16, channels: 1, samples: 700, step: 8);
        AssertSame(channels, 16, TestFlac.Encode(channels, 16, 16_000, TestFlac.Coding.Fixed, wasted: 3));
    }

    [Fact]
    public void Flac_of_one_value_is_that_value()
    {
        long[] same = [.. Enumerable.Repeat(-1234L, 80_000)]; // more than 128 frames: numbers of two bytes
        AssertSame([same], 16, TestFlac.Encode([same], 16, 16_000, TestFlac.Coding.Constant));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Opus_comes_back_at_its_length_and_pitch(int channels)
    {
        byte[] opus = TestAudio.Opus(TestAudio.Tone(750, 48_000, 1.0, channels), channels);
        ReadOnlyMemory<float> decoded = Decode(opus);
        Assert.Equal(16_000, decoded.Length);
        Assert.Equal(750, Pitch(decoded.Span), 5.0);
        Assert.Equal(0.5, Loudness(decoded.Span[2000..^2000]) * Math.Sqrt(2), 0.05);
    }

    [Theory]
    [InlineData(12)]
    [InlineData(25)]
    public void Mp3_comes_back_at_its_length_and_pitch(int line)
    {
        ReadOnlyMemory<float> decoded = Decode(TestAudio.Mp3(frames: 40, line));
        Assert.Equal(40 * 1152 * 16_000 / 44_100.0, decoded.Length, 1152.0);
        Assert.Equal((line + 0.5) * 22_050 / 576, Pitch(decoded.Span), 40.0);
        Assert.True(Loudness(decoded.Span) > 1e-3);
    }

    [Theory]
    [InlineData(2, false)]
    [InlineData(1, true)]
    [InlineData(2, true)]
    public void Mp3_may_be_stereo_vary_its_rate_and_carry_tags(int channels, bool varies)
    {
        ReadOnlyMemory<float> decoded = Decode(TestAudio.Mp3(frames: 40, line: 12, channels, varies));
        Assert.Equal(40 * 1152 * 16_000 / 44_100.0, decoded.Length, 1152.0);
        Assert.Equal(12.5 * 22_050 / 576, Pitch(decoded.Span), 40.0);
        Assert.Equal(Loudness(Decode(TestAudio.Mp3(frames: 40, line: 12)).Span), Loudness(decoded.Span), 1e-4);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(6)]
    [InlineData(8)]
    public void Opus_of_many_loudspeakers_is_averaged(int channels)
    {
        ReadOnlyMemory<float> decoded = Decode(TestAudio.OpusSurround(TestAudio.Tone(750, 48_000, 1.0, channels), channels));
        Assert.Equal((48_000 - 312) / 3, decoded.Length, 1.0);
        Assert.Equal(750, Pitch(decoded.Span), 5.0);
        Assert.InRange(Loudness(decoded.Span[2000..^2000]) * Math.Sqrt(2), 0.35, 0.55);
    }

    [Theory]
    [InlineData(1_000, 1)]
    [InlineData(8_000, 2)]
    [InlineData(11_025, 1)]
    [InlineData(22_050, 3)]
    [InlineData(44_100, 2)]
    [InlineData(48_000, 6)]
    [InlineData(96_000, 8)]
    [InlineData(384_000, 1)]
    public void Any_rate_and_any_number_of_channels_give_the_same_audio(int rate, int channels)
    {
        ReadOnlyMemory<float> decoded = Decode(TestAudio.Wav16(TestAudio.Tone(300, rate, 0.5, channels), channels, rate));
        Assert.Equal(8_000, decoded.Length);
        AssertNear(TestAudio.Tone(300, 16_000, 0.5)[1_000..7_000], decoded[1_000..7_000], 2e-3);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(8)]
    public void Flac_may_have_many_channels(int channels)
    {
        long[][] samples = Integers(16, channels, samples: 1500, step: 1);
        AssertSame(samples, 16, TestFlac.Encode(samples, 16, 16_000, TestFlac.Coding.Fixed));
    }

    [Theory]
    [InlineData(6, 1)]
    [InlineData(40, 1)]
    [InlineData(11, 2)]
    public void Vorbis_comes_back_at_its_length_and_pitch(int line, int channels)
    {
        ReadOnlyMemory<float> decoded = Decode(TestAudio.Vorbis(packets: 126, line, channels));
        Assert.Equal(125 * 128, decoded.Length);
        Assert.Equal((line + 0.5) * 8_000 / 128, Pitch(decoded.Span), 40.0);
        Assert.True(Loudness(decoded.Span) > 1e-2);
    }

    [Fact]
    public void Tag_before_the_audio_is_skipped()
    {
        float[] samples = TestAudio.Tone(500, 16_000, 0.1);
        byte[] tagged = [.. "ID3"u8, 4, 0, 0, 0, 0, 0, 20, .. new byte[20], .. TestAudio.Wav16(samples, 1, 16_000)];
        AssertNear(samples, Decode(tagged), 1e-4);
    }

    private static ReadOnlyMemory<float> Decode(byte[] file) =>
        AudioDecoder.Decode(file, AudioLimits.Default, AudioPreprocessor.MaxWindow, null, TestContext.Current.CancellationToken);

    private static byte[] Encode(float sample, ushort encoding, int bits) => (encoding, bits) switch
    {
        (1, 8) => [(byte)Math.Round(sample * 127 + 128)],
        (1, 16) => BitConverter.GetBytes((short)Math.Round(sample * 32767)),
        (1, 24) => BitConverter.GetBytes((int)Math.Round(sample * 8388607))[..3],
        (1, 32) => BitConverter.GetBytes((int)Math.Round(sample * 2147483647.0)),
        (3, 32) => BitConverter.GetBytes(sample),
        (3, 64) => BitConverter.GetBytes((double)sample),
        (6, 8) => [Nearest(sample, Companding.ALaw)],
        _ => [Nearest(sample, Companding.MuLaw)],
    };

    private static byte Nearest(float sample, Func<byte, float> decode) =>
        (byte)Enumerable.Range(0, 256).MinBy(code => Math.Abs(decode((byte)code) - sample));

    private static long[][] Integers(int bits, int channels, int samples, int step)
    {
        long top = (1L << (bits - 1)) - 1;
        var random = new Random(bits);
        return [.. Enumerable.Range(0, channels).Select(c => Enumerable.Range(0, samples)
            .Select(i => (long)(top * 0.7 * Math.Sin(i * 0.02 * (c + 1))) + random.Next(-9, 9))
            .Select(v => Math.Clamp(v, -top, top) / step * step).ToArray())];
    }

    private static void AssertSame(long[][] channels, int bits, byte[] flac)
    {
        double scale = 1.0 / (1L << (bits - 1));
        float[] expected = [.. Enumerable.Range(0, channels[0].Length).Select(i => (float)(channels.Average(c => (double)c[i]) * scale))];
        AssertNear(expected, Decode(flac), 1e-7);
    }

    private static void AssertNear(float[] expected, ReadOnlyMemory<float> actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual.Span[i], tolerance);
    }

    private static double Loudness(ReadOnlySpan<float> samples)
    {
        double sum = 0;
        foreach (float s in samples)
            sum += s * s;
        return Math.Sqrt(sum / samples.Length);
    }

    /// <summary>Upward zero crossings a second.</summary>
    private static double Pitch(ReadOnlySpan<float> samples)
    {
        int crossings = 0, from = samples.Length / 4, to = samples.Length * 3 / 4;
        for (int i = from; i < to; i++)
            crossings += samples[i - 1] < 0 && samples[i] >= 0 ? 1 : 0;
        return crossings * 16_000.0 / (to - from);
    }
}
