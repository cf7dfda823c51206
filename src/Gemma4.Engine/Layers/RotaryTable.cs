using Gemma4.Engine.Kernels;

namespace Gemma4.Engine.Layers;

/// <summary>Cosines and sines of the first positions in host memory, for kernels that turn keys as they read them.</summary>
/// <remarks>Grows with the longest context seen: 8 · R bytes a position.</remarks>
internal sealed unsafe class RotaryTable(RotaryEmbedding rotary)
{
    private float[] _cos = [];
    private float[] _sin = [];
    private int _length;

    /// <summary><c>[positions, R]</c>; valid until the next <see cref="EnsureLength"/>.</summary>
    public float* Cos => Pointer(_cos);

    /// <summary><c>[positions, R]</c>; valid until the next <see cref="EnsureLength"/>.</summary>
    public float* Sin => Pointer(_sin);

    /// <summary>R.</summary>
    public int NumPairs => rotary.Frequencies.Length;

    /// <summary>Makes the table hold at least this many positions.</summary>
    public void EnsureLength(int positions)
    {
        if (positions <= _length)
            return;
        int length = Math.Max(1024, Math.Max(positions, _length + _length / 2));
        float[] cos = Grow(_cos, length), sin = Grow(_sin, length);
        for (int p = _length; p < length; p++)
        {
            for (int i = 0; i < NumPairs; i++)
            {
                int at = p * NumPairs + i;
                (sin[at], cos[at]) = SineCosine.Of(p * rotary.Frequencies[i]);
            }
        }
        (_cos, _sin, _length) = (cos, sin, length);
    }

    // Pinned for life, so that a pointer to the first element stays good.
    private float[] Grow(float[] old, int length)
    {
        float[] grown = GC.AllocateUninitializedArray<float>(length * NumPairs, pinned: true);
        old.CopyTo(grown, 0);
        return grown;
    }

    private static float* Pointer(float[] pinned)
    {
        fixed (float* first = pinned)
            return first;
    }
}
