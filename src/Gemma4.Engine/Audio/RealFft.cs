using System.Numerics;

namespace Gemma4.Engine.Audio;

/// <summary>Magnitudes of the discrete Fourier transform of real samples, in double.</summary>
/// <remarks>
/// Even and odd samples are the real and imaginary parts of a complex signal of half the length; one radix-2 transform of it gives both
/// spectra, which are then told apart by their symmetry and joined. Tables are made once; calls allocate nothing and may run side by side.
/// </remarks>
internal sealed class RealFft
{
    private readonly int[] _reversed;
    private readonly Complex[] _twiddles; // exp(-2πi k / length), k < length / 2

    /// <summary>A transform of <paramref name="length"/> samples.</summary>
    /// <param name="length">A power of two, at least 4.</param>
    public RealFft(int length)
    {
        if (length < 4 || !BitOperations.IsPow2(length))
            throw new ArgumentException($"{length} is not a power of two of at least 4", nameof(length));
        Length = length;
        int half = length / 2;
        int bits = BitOperations.Log2((uint)half);
        _reversed = new int[half];
        for (int i = 1; i < half; i++)
            _reversed[i] = (_reversed[i >> 1] >> 1) | ((i & 1) << (bits - 1));
        _twiddles = new Complex[half];
        for (int k = 0; k < half; k++)
            _twiddles[k] = new Complex(Math.Cos(2 * Math.PI * k / length), -Math.Sin(2 * Math.PI * k / length));
    }

    /// <summary>Samples of a transform.</summary>
    public int Length { get; }

    /// <summary>The definition: <c>output[k] = |sum over n of samples[n] * exp(-2πi k n / N)|</c>, quadratic in N.</summary>
    public static void Reference(ReadOnlySpan<double> samples, Span<double> output)
    {
        for (int k = 0; k < output.Length; k++)
        {
            double real = 0, imaginary = 0;
            for (int n = 0; n < samples.Length; n++)
            {
                double angle = 2 * Math.PI * ((long)k * n % samples.Length) / samples.Length;
                real += samples[n] * Math.Cos(angle);
                imaginary -= samples[n] * Math.Sin(angle);
            }
            output[k] = Math.Sqrt(real * real + imaginary * imaginary);
        }
    }

    /// <summary>Magnitudes at frequencies 0 to N / 2.</summary>
    /// <param name="samples"><see cref="Length"/> of them.</param>
    /// <param name="work"><c>Length / 2</c> values, overwritten.</param>
    /// <param name="output"><c>Length / 2 + 1</c> magnitudes.</param>
    public void Magnitudes(ReadOnlySpan<double> samples, Span<Complex> work, Span<double> output)
    {
        int half = Length / 2;
        ArgumentOutOfRangeException.ThrowIfNotEqual(samples.Length, Length, nameof(samples));
        ArgumentOutOfRangeException.ThrowIfNotEqual(work.Length, half, nameof(work));
        ArgumentOutOfRangeException.ThrowIfNotEqual(output.Length, half + 1, nameof(output));
        for (int i = 0; i < half; i++)
            work[_reversed[i]] = new Complex(samples[2 * i], samples[2 * i + 1]);
        for (int size = 2; size <= half; size *= 2)
        {
            int step = Length / size;
            for (int start = 0; start < half; start += size)
            {
                for (int k = 0; k < size / 2; k++)
                {
                    Complex even = work[start + k], odd = work[start + k + size / 2] * _twiddles[k * step];
                    work[start + k] = even + odd;
                    work[start + k + size / 2] = even - odd;
                }
            }
        }
        output[0] = Math.Abs(work[0].Real + work[0].Imaginary);
        output[half] = Math.Abs(work[0].Real - work[0].Imaginary);
        for (int k = 1; k < half; k++)
        {
            Complex here = work[k], mirrored = Complex.Conjugate(work[half - k]);
            Complex even = (here + mirrored) * 0.5;
            Complex odd = (here - mirrored) * new Complex(0, -0.5);
            Complex bin = even + odd * _twiddles[k];
            output[k] = Math.Sqrt(bin.Real * bin.Real + bin.Imaginary * bin.Imaginary); // values are far from overflow: no hypot
        }
    }
}
