using System.Buffers;
using System.Numerics.Tensors;

namespace Gemma4.Engine.Audio;

/// <summary>Changes the sample rate of one channel, block by block, with a Kaiser-windowed sinc.</summary>
/// <remarks>
/// The filter spans 32 zero crossings to each side at the lower of the two rates and is cut off at 0.94 of its Nyquist frequency; with
/// beta = 9 what would alias is about 90 dB down (Smith, "Digital Audio Resampling Home Page", 2002). Positions are whole numbers of
/// 1/L of an input sample, so that rates never drift. Up to 512 phases are tabulated exactly; between more, weights are interpolated
/// linearly, which is 106 dB down. Output sample n is input time n * from / to: no delay, no gain.
/// </remarks>
internal sealed class SincResampler
{
    private const int ZeroCrossings = 32;
    private const double Cutoff = 0.94;
    private const double Beta = 9.0;
    private const int MostPhases = 512;

    private readonly int _up;
    private readonly int _down;
    private readonly int _reach; // input samples read to each side of a position
    private readonly int _phases;
    private readonly float[]?[] _weights;
    private readonly double _bandwidth; // pass band relative to the input's Nyquist frequency
    private float[] _history;
    private int _held;
    private long _firstHeld; // input index of _history[0]
    private long _nextOutput;

    /// <summary>A resampler from <paramref name="from"/> to <paramref name="to"/> samples a second.</summary>
    public SincResampler(int from, int to)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(from);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(to);
        int divisor = (int)System.Numerics.BigInteger.GreatestCommonDivisor(from, to);
        _up = to / divisor;
        _down = from / divisor;
        _bandwidth = Math.Min(1.0, (double)to / from);
        _reach = (int)Math.Ceiling(ZeroCrossings / _bandwidth);
        _phases = Math.Min(_up, MostPhases);
        _weights = new float[_phases + 1][];
        _history = new float[_reach * 4];
        _held = _reach - 1; // silence before the beginning
        _firstHeld = -(_reach - 1);
    }

    /// <summary>The definition: output <paramref name="index"/> of a whole signal, in double.</summary>
    public double Reference(ReadOnlySpan<float> signal, long index)
    {
        double position = (double)(index * _down) / _up;
        long center = (long)Math.Floor(position);
        double sum = 0;
        for (long i = center - _reach + 1; i <= center + _reach; i++)
        {
            if (i >= 0 && i < signal.Length)
                sum += signal[(int)i] * Weight(i - position);
        }
        return sum;
    }

    /// <summary>Takes more input and writes what output it completes.</summary>
    public void Push(ReadOnlySpan<float> input, IBufferWriter<float> output)
    {
        if (_up == _down)
        {
            output.Write(input);
            _nextOutput += input.Length;
            return;
        }
        while (!input.IsEmpty)
        {
            int count = Math.Min(input.Length, 4096);
            Append(input[..count]);
            input = input[count..];
            Drain(output, limit: long.MaxValue);
        }
    }

    /// <summary>Ends the input; silence follows it. The whole output has <c>ceil(inputs * to / from)</c> samples.</summary>
    public void Finish(IBufferWriter<float> output)
    {
        if (_up == _down)
            return;
        long inputs = _firstHeld + _held;
        long outputs = (inputs * _up + _down - 1) / _down;
        Append(new float[_reach + 1]);
        Drain(output, outputs);
    }

    private void Append(ReadOnlySpan<float> input)
    {
        if (_held + input.Length > _history.Length)
            Array.Resize(ref _history, _held + input.Length + _reach * 2);
        input.CopyTo(_history.AsSpan(_held));
        _held += input.Length;
    }

    private void Drain(IBufferWriter<float> output, long limit)
    {
        int taps = _reach * 2;
        for (; _nextOutput < limit; _nextOutput++)
        {
            long position = _nextOutput * _down;
            long first = position / _up - _reach + 1;
            if (first + taps > _firstHeld + _held)
                break;
            ReadOnlySpan<float> window = _history.AsSpan((int)(first - _firstHeld), taps);
            double phase = (double)(position % _up) * _phases / _up;
            int whole = (int)phase;
            float value = TensorPrimitives.Dot(window, Weights(whole));
            if (_phases != _up)
                value += (float)(phase - whole) * (TensorPrimitives.Dot(window, Weights(whole + 1)) - value);
            output.GetSpan(1)[0] = value;
            output.Advance(1);
        }
        long needed = Math.Min(_nextOutput * _down / _up - _reach + 1, _firstHeld + _held);
        int gone = (int)(needed - _firstHeld);
        _history.AsSpan(gone, _held - gone).CopyTo(_history);
        _held -= gone;
        _firstHeld = needed;
    }

    /// <summary>Weights of the <c>2 * reach</c> samples around a position that is <c>phase / phases</c> past a sample.</summary>
    private float[] Weights(int phase)
    {
        if (_weights[phase] is { } known)
            return known;
        var weights = new float[_reach * 2];
        for (int i = 0; i < weights.Length; i++)
            weights[i] = (float)Weight(i - _reach + 1 - (double)phase / _phases);
        return _weights[phase] = weights;
    }

    private double Weight(double distance)
    {
        double share = distance / _reach;
        if (Math.Abs(share) >= 1)
            return 0;
        double bandwidth = _bandwidth * Cutoff;
        double x = Math.PI * bandwidth * distance;
        double sinc = x == 0 ? 1 : Math.Sin(x) / x;
        return bandwidth * sinc * BesselI0(Beta * Math.Sqrt(1 - share * share)) / BesselI0(Beta);
    }

    /// <summary>The modified Bessel function of order 0 by its power series.</summary>
    private static double BesselI0(double x)
    {
        double sum = 1, term = 1;
        for (int k = 1; term > sum * 1e-16; k++)
            sum += term *= x * x / (4.0 * k * k);
        return sum;
    }
}
