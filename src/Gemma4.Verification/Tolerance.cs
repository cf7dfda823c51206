using Gemma4.Engine;
namespace Gemma4.Verification;

/// <summary>How far a value may be from the reference: <c>|a - b| ≤ absolute + relative · |b|</c>.</summary>
internal readonly record struct Tolerance(float Absolute, float Relative)
{
    /// <summary>What float32 must keep, whatever the order of its sums.</summary>
    public static readonly Tolerance Float32 = new(2e-4f, 2e-4f);

    /// <summary>The same with a further allowance.</summary>
    public Tolerance Plus(float absolute) => this with { Absolute = Absolute + absolute };

    /// <summary>Largest error, and the largest share of the allowance used up: at most 1 where all is well.</summary>
    public Deviation Measure(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected)
    {
        if (actual.Length != expected.Length)
            return new Deviation(float.PositiveInfinity, float.PositiveInfinity);
        float error = 0, share = 0;
        for (int i = 0; i < actual.Length; i++)
        {
            float distance = MathF.Abs(actual[i] - expected[i]);
            if (float.IsNaN(distance))
                return new Deviation(float.NaN, float.PositiveInfinity);
            error = MathF.Max(error, distance);
            share = MathF.Max(share, distance / (Absolute + Relative * MathF.Abs(expected[i])));
        }
        return new Deviation(error, share);
    }
}

/// <summary>Largest error, and the largest share of the allowance used up.</summary>
internal readonly record struct Deviation(float Error, float Share)
{
    public bool Holds => Share <= 1;
}
