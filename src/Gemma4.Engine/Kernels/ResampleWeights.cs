using System.Runtime.InteropServices;

namespace Gemma4.Engine.Kernels;

/// <summary>The weights of one axis of an antialiased bicubic resize, in 22-bit fixed point.</summary>
/// <remarks>
/// Keys 1981 with a = -0.5, widened by the scale when shrinking, cut at the borders and normalised there; computed in double and
/// rounded as Pillow does (<c>Resample.c</c>: <c>precompute_coeffs</c>, <c>normalize_coeffs_8bpc</c>), so that 8-bit results are equal bit for bit.
/// </remarks>
internal sealed class ResampleWeights
{
    /// <summary>Fraction bits: 32 less 8 for the pixel and 2 for the overshoot of the negative lobes.</summary>
    public const int FractionBits = 22;

    /// <summary>Weights are split as <c>high * 2^LowBits + low</c>, so that both halves are 16-bit factors.</summary>
    public const int LowBits = 11;

    /// <summary>Taps are stored in groups of this many; the last group is filled up with zero weights.</summary>
    public const int TapGroup = 4;

    private const double Support = 2.0;
    private const double A = -0.5;

    private readonly int[] _first;
    private readonly int[] _count;
    private readonly int[] _weights;
    private readonly short[] _high;
    private readonly short[] _low;

    /// <summary>Computes the weights that turn <paramref name="inputSize"/> samples into <paramref name="outputSize"/>.</summary>
    public ResampleWeights(int inputSize, int outputSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputSize);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputSize);
        InputSize = inputSize;
        OutputSize = outputSize;
        double scale = (double)inputSize / outputSize;
        double filterScale = Math.Max(scale, 1.0);
        double support = Support * filterScale;
        int longest = Math.Min((int)Math.Ceiling(support) * 2 + 1, inputSize);
        Taps = (longest + TapGroup - 1) / TapGroup * TapGroup;
        _first = new int[outputSize];
        _count = new int[outputSize];
        _weights = new int[outputSize * Taps];
        var window = new double[Taps];
        for (int i = 0; i < outputSize; i++)
        {
            double center = (i + 0.5) * scale;
            int first = Math.Max((int)(center - support + 0.5), 0);
            int count = Math.Min((int)(center + support + 0.5), inputSize) - first;
            double sum = 0;
            for (int t = 0; t < count; t++)
                sum += window[t] = Bicubic((t + first - center + 0.5) / filterScale);
            _first[i] = first;
            _count[i] = count;
            for (int t = 0; t < count; t++)
                _weights[i * Taps + t] = ToFixedPoint(window[t] / sum);
        }
        _high = Array.ConvertAll(_weights, w => (short)(w >> LowBits));
        _low = Array.ConvertAll(_weights, w => (short)(w & ((1 << LowBits) - 1)));
    }

    /// <summary>Samples of the input axis.</summary>
    public int InputSize { get; }

    /// <summary>Samples of the output axis.</summary>
    public int OutputSize { get; }

    /// <summary>Taps stored for every output sample, a multiple of <see cref="TapGroup"/>; those past <see cref="Count"/> weigh 0.</summary>
    public int Taps { get; }

    /// <summary>The first input sample that output <paramref name="index"/> reads.</summary>
    public int First(int index) => _first[index];

    /// <summary>How many input samples from there on it reads; all lie inside the input.</summary>
    public int Count(int index) => _count[index];

    /// <summary>Weights of output <paramref name="index"/>, <see cref="Count"/> of them, summing to about 2^22.</summary>
    public ReadOnlySpan<int> Weights(int index) => _weights.AsSpan(index * Taps, _count[index]);

    /// <summary>High halves of all weights, <c>[OutputSize, Taps]</c>: arithmetic shift right by <see cref="LowBits"/>.</summary>
    public ref readonly short High => ref MemoryMarshal.GetArrayDataReference(_high);

    /// <summary>Low halves of all weights, <c>[OutputSize, Taps]</c>: the lowest <see cref="LowBits"/> bits, never negative.</summary>
    public ref readonly short Low => ref MemoryMarshal.GetArrayDataReference(_low);

    private static int ToFixedPoint(double weight)
    {
        double scaled = weight * (1 << FractionBits);
        return (int)(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    }

    private static double Bicubic(double x)
    {
        x = Math.Abs(x);
        return x switch
        {
            < 1.0 => ((A + 2.0) * x - (A + 3.0)) * x * x + 1,
            < 2.0 => (((x - 5) * x + 8) * x - 4) * A,
            _ => 0.0,
        };
    }
}
