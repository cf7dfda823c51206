using System.Numerics;

namespace Gemma4.Engine.Audio;

/// <summary>Log-mel frames of a 16 kHz audio, as Gemma 4's audio tower reads them.</summary>
/// <remarks>
/// <c>feature_extraction_gemma4.py</c> of transformers: 160 zeros in front, frames of 320 samples every 160, periodic Hann window, FFT of
/// 512, magnitudes, 128 triangular HTK mel bands over 0..8000 Hz without normalisation, <c>ln(mel + 0.001)</c>. The transform is in double.
/// </remarks>
public static class LogMel
{
    /// <summary>Samples a second.</summary>
    public const int SampleRate = 16_000;

    /// <summary>Bands of a frame.</summary>
    public const int NumBands = 128;

    /// <summary>Longest audio the tower takes in one piece, in samples: 30 s.</summary>
    public const int MaxSamples = 480_000;

    private const int FrameLength = 320;
    private const int HopLength = 160;
    private const int FftLength = 512;
    private const int NumBins = FftLength / 2 + 1;
    private const double Floor = 0.001;

    private static readonly RealFft Fft = new(FftLength);
    private static readonly double[] Window = CreateWindow();
    private static readonly (int FirstBin, double[] Weights)[] Bands = CreateBands();

    /// <summary>Frames that hear only the audio itself, not the padding after it; the others are masked in the reference.</summary>
    /// <param name="samples">Samples at 16 kHz.</param>
    public static int NumFrames(int samples) => Math.Max(0, (samples - HopLength + HopLength - 1) / HopLength);

    /// <summary>Soft tokens of an audio clip: two convolutions of stride 2 over its frames, about one for 40 ms.</summary>
    /// <param name="samples">Samples at 16 kHz, at most <see cref="MaxSamples"/>.</param>
    public static int NumSoftTokens(int samples)
    {
        int halved = (NumFrames(samples) + 1) / 2;
        return (halved + 1) / 2;
    }

    /// <summary>Computes the frames.</summary>
    /// <param name="samples">Samples in -1..1 at 16 kHz, at most <see cref="MaxSamples"/>.</param>
    /// <returns><c>[NumFrames, 128]</c>, row-major.</returns>
    public static float[] Compute(ReadOnlySpan<float> samples)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(samples.Length, MaxSamples, nameof(samples));
        int frames = NumFrames(samples.Length);
        var output = new float[frames * NumBands];
        Span<double> frame = stackalloc double[FftLength]; // zeros beyond FrameLength
        Span<double> magnitudes = stackalloc double[NumBins];
        var work = new Complex[FftLength / 2];
        frame.Clear();
        for (int f = 0; f < frames; f++)
        {
            int first = f * HopLength - FrameLength / 2; // half a frame of zeros stands before the audio
            for (int i = 0; i < FrameLength; i++)
            {
                int at = first + i;
                frame[i] = at >= 0 && at < samples.Length ? samples[at] * Window[i] : 0;
            }
            Fft.Magnitudes(frame, work, magnitudes);
            for (int band = 0; band < NumBands; band++)
            {
                (int bin, double[] weights) = Bands[band];
                double sum = 0;
                for (int i = 0; i < weights.Length; i++)
                    sum += magnitudes[bin + i] * weights[i];
                output[f * NumBands + band] = (float)Math.Log(sum + Floor);
            }
        }
        return output;
    }

    private static double[] CreateWindow()
    {
        var window = new double[FrameLength];
        for (int i = 0; i < FrameLength; i++)
            window[i] = (float)(0.5 - 0.5 * Math.Cos(2 * Math.PI * i / FrameLength)); // kept in float32 by the reference
        return window;
    }

    /// <summary>Triangles in Hz whose corners are equally spaced in mel; only the bins a triangle touches are kept.</summary>
    private static (int, double[])[] CreateBands()
    {
        double highest = HertzToMel(SampleRate / 2.0);
        double Corner(int i) => 700.0 * (Math.Pow(10.0, highest * i / (NumBands + 1) / 2595.0) - 1.0);
        var bands = new (int, double[])[NumBands];
        for (int band = 0; band < NumBands; band++)
        {
            double left = Corner(band), peak = Corner(band + 1), right = Corner(band + 2);
            double[] weights = [.. Enumerable.Range(0, NumBins)
                .Select(bin => bin * (SampleRate / 2.0) / (NumBins - 1))
                .Select(hertz => Math.Max(0, Math.Min((hertz - left) / (peak - left), (right - hertz) / (right - peak))))];
            int first = Array.FindIndex(weights, w => w > 0), last = Array.FindLastIndex(weights, w => w > 0);
            bands[band] = first < 0 ? (0, []) : (first, weights[first..(last + 1)]);
        }
        return bands;
    }

    private static double HertzToMel(double hertz) => 2595.0 * Math.Log10(1.0 + hertz / 700.0);
}
