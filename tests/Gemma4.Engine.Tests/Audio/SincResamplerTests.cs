using System.Buffers;
using Gemma4.Engine.Audio;
using Xunit;

namespace Gemma4.Engine.Tests.Audio;

public sealed class SincResamplerTests
{
    public static TheoryData<int> Rates() => [8_000, 11_025, 16_000, 22_050, 32_000, 44_099, 44_100, 48_000, 96_000, 192_000, 384_000];

    [Theory]
    [MemberData(nameof(Rates))]
    public void Tone_keeps_frequency_phase_and_height(int rate)
    {
        const double hertz = 1_000;
        float[] output = Resample(Tone(hertz, rate, rate), rate);
        Assert.Equal(16_000, output.Length);
        for (int i = 1_000; i < 15_000; i++) // away from the sudden beginning and end
            Assert.Equal(Math.Sin(2 * Math.PI * hertz * i / 16_000), output[i], 2e-4);
    }

    [Theory]
    [InlineData(44_100, 9_000)]
    [InlineData(48_000, 12_000)]
    [InlineData(96_000, 40_000)]
    public void What_16_kHz_cannot_hold_is_gone(int rate, double hertz)
    {
        float[] output = Resample(Tone(hertz, rate, rate), rate);
        for (int i = 1_000; i < 15_000; i++)
            Assert.Equal(0, output[i], 1e-4);
    }

    [Theory]
    [MemberData(nameof(Rates))]
    public void Blocks_are_the_definition_however_they_are_cut(int rate)
    {
        var random = new Random(rate);
        float[] input = [.. Enumerable.Range(0, 5_000 + random.Next(5_000)).Select(_ => random.NextSingle() * 2 - 1)];
        float[] whole = Resample(input, rate);
        float[] pieces = Resample(input, rate, () => random.Next(1, 700));
        Assert.Equal(whole, pieces);
        Assert.Equal((int)Math.Ceiling(input.Length * 16_000.0 / rate), whole.Length);
        if (rate == 16_000)
        {
            Assert.Equal(input, whole);
            return;
        }
        var reference = new SincResampler(rate, 16_000);
        for (int i = 0; i < whole.Length; i += 37)
            Assert.Equal(reference.Reference(input, i), whole[i], 3e-5);
    }

    private static float[] Tone(double hertz, int rate, int samples) =>
        [.. Enumerable.Range(0, samples).Select(i => (float)Math.Sin(2 * Math.PI * hertz * i / rate))];

    private static float[] Resample(float[] input, int rate, Func<int>? cut = null)
    {
        var resampler = new SincResampler(rate, 16_000);
        var output = new ArrayBufferWriter<float>();
        for (int at = 0; at < input.Length;)
        {
            int count = Math.Min(cut?.Invoke() ?? input.Length, input.Length - at);
            resampler.Push(input.AsSpan(at, count), output);
            at += count;
        }
        resampler.Finish(output);
        return output.WrittenSpan.ToArray();
    }
}
