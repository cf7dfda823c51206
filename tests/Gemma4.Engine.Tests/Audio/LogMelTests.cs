using System.Text.Json;
using Gemma4.Engine.Audio;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Audio;

public sealed class LogMelTests
{
    private static readonly string Golden = Path.Combine(RepositoryPaths.Fixtures, "golden", "preprocessing");

    [Theory]
    [InlineData("chirp", 1)]
    [InlineData("long", 8)]
    [InlineData("tick", 1)]
    public void Frames_are_the_references(string audio, int everyNth)
    {
        byte[] file = File.ReadAllBytes(Path.Combine(RepositoryPaths.Fixtures, "media", audio + ".wav"));
        AudioWindow window = Assert.Single(AudioPreprocessor.Prepare(file, AudioLimits.Default, cancellationToken: TestContext.Current.CancellationToken));
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllText(Path.Combine(Golden, "audio.json")));
        JsonElement expected = cases.RootElement.EnumerateArray().Single(a => a.GetProperty("audio").GetString() == audio + ".wav");
        int frames = expected.GetProperty("valid_frames").GetInt32();
        Assert.Equal(frames * 128, window.LogMel.Length);
        Assert.Equal(expected.GetProperty("samples").GetInt32() / 16_000.0, window.Duration.TotalSeconds, 1e-6);

        (int[] shape, float[] values) = GoldenTensors.Read(Path.Combine(Golden, "mel.safetensors"))[audio];
        Assert.Equal(128, shape[1]);
        double worst = 0;
        for (int row = 0; row < shape[0] && row * everyNth < frames; row++)
        {
            for (int band = 0; band < 128; band++)
                worst = Math.Max(worst, Math.Abs(values[row * 128 + band] - window.LogMel.Span[row * everyNth * 128 + band]));
        }
        Assert.InRange(worst, 0, 1e-3); // the reference transforms in float32; ln(x + 0.001) magnifies its rounding in quiet bands
    }

    [Fact]
    public void Rows_of_another_signal_are_the_references()
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(RepositoryPaths.RequireShared("reference/golden/audio.json")));
        float[] signal = [.. Enumerable.Range(0, 8000).Select(i => (float)(
            0.3 * Math.Sin(2 * Math.PI * 440 * i / 16000) + 0.2 * Math.Sin(2 * Math.PI * (1000 + 3000 * (i / 8000.0)) * i / 16000)))];
        float[] mel = LogMel.Compute(signal);
        Assert.Equal(golden.RootElement.GetProperty("mask_sum").GetInt32(), mel.Length / 128);
        int compared = 0;
        foreach (JsonProperty row in golden.RootElement.GetProperty("mel_rows").EnumerateObject())
        {
            int frame = int.Parse(row.Name, System.Globalization.CultureInfo.InvariantCulture);
            if (frame >= mel.Length / 128) // masked
                continue;
            int band = 0;
            foreach (JsonElement value in row.Value.EnumerateArray())
                Assert.Equal(value.GetDouble(), mel[frame * 128 + band++], 1e-3);
            compared++;
        }
        Assert.True(compared >= 2);
    }

    [Fact]
    public void Token_counts_of_all_lengths_are_the_references()
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(RepositoryPaths.RequireShared("reference/golden/audio.json")));
        foreach (JsonProperty length in golden.RootElement.GetProperty("tokens_by_length").EnumerateObject())
        {
            int samples = int.Parse(length.Name, System.Globalization.CultureInfo.InvariantCulture);
            Assert.Equal((samples, length.Value.GetInt32()), (samples, LogMel.NumSoftTokens(samples)));
        }
    }

    [Fact]
    public void Half_a_minute_is_750_tokens_and_more_is_refused()
    {
        Assert.Equal(750, LogMel.NumSoftTokens(LogMel.MaxSamples));
        Assert.Throws<ArgumentOutOfRangeException>(() => LogMel.Compute(new float[LogMel.MaxSamples + 1]));
    }
}
