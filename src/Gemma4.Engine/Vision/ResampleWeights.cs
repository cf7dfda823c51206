namespace Gemma4.Engine.Vision;

/// <summary>The weights of one axis of an antialiased bicubic resize, in 22-bit fixed point.</summary>
/// <remarks>
/// Keys 1981 with a = -0.5, widened by the scale when shrinking, cut at the borders and normalised there; computed in double and
/// rounded as Pillow does (<c>Resample.c</c>: <c>precompute_coeffs</c>, <c>normalize_coeffs_8bpc</c>), so that 8-bit results are equal bit for bit.
/// </remarks>
internal sealed class ResampleWeights
{
    /// <summary>Fraction bits: 32 less 8 for the pixel and 2 for the overshoot of the negative lobes.</summary>
    public const int FractionBits = 22;

    /// <summary>One half, added before the fraction is cut off.</summary>
    public const int Half = 1 << (FractionBits - 1);

    /// <summary>Weights are split as <c>high * 2^LowBits + low</c>, so that both halves are 16-bit factors.</summary>
    public const int LowBits = 11;

    private const double Support = 2.0;
    private const double A = -0.5;

    private readonly int[] _first;
    private readonly int[] _count;
    private readonly int[] _firstPair;
    private readonly int[] _weights;
    private readonly short[] _factors;

    /// <summary>Computes the weights that turn <paramref name="inputSize"/> samples into <paramref name="outputSize"/>.</summary>
    /// <param name="inputSize">Samples of the input axis.</param>
    /// <param name="outputSize">Samples of the output axis.</param>
    /// <param name="mirrored">
    /// The image is stored the other way round than it is shown. Outputs are then numbered, and inputs read, in stored order; their weights
    /// are those of the image as it is shown, so that mirroring first and resizing then gives the same bytes.
    /// </param>
    public ResampleWeights(int inputSize, int outputSize, bool mirrored = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputSize);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputSize);
        InputSize = inputSize;
        OutputSize = outputSize;
        Mirrored = mirrored;
        double scale = (double)inputSize / outputSize;
        double filterScale = Math.Max(scale, 1.0);
        double support = Support * filterScale;
        int longest = Math.Min((int)Math.Ceiling(support) * 2 + 1, inputSize);
        int inputPairs = (inputSize + 1) / PixelPairs.Samples;
        Pairs = Math.Min(longest / PixelPairs.Samples + 1, inputPairs); // one more where the first sample is the second of its pair
        _first = new int[outputSize];
        _count = new int[outputSize];
        _firstPair = new int[outputSize];
        _weights = new int[outputSize * Pairs * PixelPairs.Samples];
        var window = new double[longest];
        for (int i = 0; i < outputSize; i++)
        {
            double center = (i + 0.5) * scale;
            int first = Math.Max((int)(center - support + 0.5), 0);
            int count = Math.Min((int)(center + support + 0.5), inputSize) - first;
            double sum = 0;
            for (int t = 0; t < count; t++)
                sum += window[t] = Bicubic((t + first - center + 0.5) / filterScale);
            int index = Shown(i);
            _first[index] = mirrored ? inputSize - first - count : first;
            _count[index] = count;
            _firstPair[index] = Math.Min(_first[index] / PixelPairs.Samples, inputPairs - Pairs);
            Span<int> weights = _weights.AsSpan(WeightsAt(index), count);
            for (int t = 0; t < count; t++)
                weights[mirrored ? count - 1 - t : t] = ToFixedPoint(window[t] / sum);
        }
        _factors = new short[2 * _weights.Length];
        for (int pair = 0; pair < _weights.Length / 2; pair++)
        {
            int first = _weights[pair * 2], second = _weights[pair * 2 + 1];
            (_factors[pair * 4], _factors[pair * 4 + 1]) = ((short)(first >> LowBits), (short)(second >> LowBits));
            (_factors[pair * 4 + 2], _factors[pair * 4 + 3]) = ((short)(first & LowMask), (short)(second & LowMask));
        }
    }

    /// <summary>Samples of the input axis.</summary>
    public int InputSize { get; }

    /// <summary>Samples of the output axis.</summary>
    public int OutputSize { get; }

    /// <summary>Whether outputs are numbered from the far end of the image as it is shown.</summary>
    public bool Mirrored { get; }

    /// <summary>How many pairs of input samples (<see cref="PixelPairs"/>) every output reads; those it does not need weigh 0.</summary>
    public int Pairs { get; }

    /// <summary>Where output <paramref name="index"/> of the stored order is shown; its own inverse.</summary>
    public int Shown(int index) => Mirrored ? OutputSize - 1 - index : index;

    /// <summary>The first input sample that output <paramref name="index"/> needs.</summary>
    public int First(int index) => _first[index];

    /// <summary>How many input samples from there on it needs; all lie inside the input.</summary>
    public int Count(int index) => _count[index];

    /// <summary>Weights of output <paramref name="index"/>, <see cref="Count"/> of them, summing to about 2^22.</summary>
    public ReadOnlySpan<int> Weights(int index) => _weights.AsSpan(WeightsAt(index), _count[index]);

    /// <summary>The first pair of input samples that output <paramref name="index"/> reads.</summary>
    public int FirstPair(int index) => _firstPair[index];

    /// <summary>Weights of output <paramref name="index"/> for whole pairs, <c>[Pairs, 2]</c>: 0 for samples it does not need.</summary>
    public ReadOnlySpan<int> PairWeights(int index) => _weights.AsSpan(index * Pairs * 2, Pairs * 2);

    /// <summary>
    /// <see cref="PairWeights"/> as factors, <c>[Pairs, 2, 2]</c>: for every pair its weights shifted right by <see cref="LowBits"/>, then
    /// their lowest <see cref="LowBits"/> bits, never negative.
    /// </summary>
    public ReadOnlySpan<short> PairFactors(int index) => _factors.AsSpan(index * Pairs * 4, Pairs * 4);

    private const int LowMask = (1 << LowBits) - 1;

    private int WeightsAt(int index) => (index * Pairs - _firstPair[index]) * PixelPairs.Samples + _first[index];

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
