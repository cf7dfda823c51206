namespace Gemma4.Engine.Backends;

/// <summary>How far a position turns each pair of a head.</summary>
/// <remarks>"Proportional" frequencies divide by H, not by 2R.</remarks>
internal sealed class RotaryFrequencies
{
    /// <param name="headDim">Width of a head, H.</param>
    /// <param name="numPairs">Rotated pairs, R.</param>
    /// <param name="theta">Base of the frequencies.</param>
    public RotaryFrequencies(int headDim, int numPairs, double theta)
    {
        HeadDim = headDim;
        Radians = new float[numPairs];
        for (int i = 0; i < numPairs; i++)
            Radians[i] = 1f / MathF.Pow((float)theta, 2f * i / headDim);
    }

    /// <summary>H.</summary>
    public int HeadDim { get; }

    /// <summary>Radians a position turns each of the R pairs.</summary>
    public float[] Radians { get; }

    /// <summary>R.</summary>
    public int NumPairs => Radians.Length;
}
