using Gemma4.Engine.Kernels;

namespace Gemma4.Engine.Backends.Cpu;

/// <summary>Cosines and sines of the first positions, for keys that are made as they are read.</summary>
/// <remarks>Grows with the longest context seen: 8 · R bytes a position.</remarks>
/// <param name="frequencies">How far a position turns each pair.</param>
internal sealed unsafe class RotaryTable(RotaryFrequencies frequencies) : IDisposable
{
    private HostMemory? _angles;      // [2, positions, R] float32
    private int _length;

    /// <summary>How far a position turns each pair.</summary>
    public RotaryFrequencies Frequencies => frequencies;

    /// <summary>R.</summary>
    public int NumPairs => frequencies.NumPairs;

    /// <summary><c>[positions, R]</c>; valid until the next <see cref="EnsureLength"/>.</summary>
    public float* Cos => (float*)_angles!.Data;

    /// <summary><c>[positions, R]</c>; valid until the next <see cref="EnsureLength"/>.</summary>
    public float* Sin => Cos + (long)_length * NumPairs;

    /// <summary>Makes the table reach at least this many positions.</summary>
    public void EnsureLength(int positions)
    {
        if (positions <= _length)
            return;
        int length = Math.Max(1024, Math.Max(positions, _length + _length / 2));
        long count = (long)length * NumPairs, known = (long)_length * NumPairs;
        var grown = new HostMemory(2 * count * sizeof(float));
        float* cos = (float*)grown.Data, sin = cos + count;
        for (long i = 0; i < known; i++)
            (cos[i], sin[i]) = (Cos[i], Sin[i]);
        for (int p = _length; p < length; p++)
        {
            for (int i = 0; i < NumPairs; i++)
            {
                long at = (long)p * NumPairs + i;
                (sin[at], cos[at]) = SineCosine.Of(p * frequencies.Radians[i]);
            }
        }
        _angles?.Dispose();
        (_angles, _length) = (grown, length);
    }

    public void Dispose() => _angles?.Dispose();
}
