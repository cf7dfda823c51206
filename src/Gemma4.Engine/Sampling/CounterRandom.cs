namespace Gemma4.Engine.Sampling;

/// <summary>Uniform numbers as a pure function of seed and counter, so that a draw depends on nothing that runs beside it.</summary>
/// <remarks>SplitMix64 (Steele, Lea and Flood 2014) evaluated at its state after <c>counter + 1</c> steps; the seed is mixed first
/// because users' seeds are small neighbouring numbers.</remarks>
internal static class CounterRandom
{
    private const ulong Gamma = 0x9E3779B97F4A7C15;

    /// <summary>A number in [0, 1) with 53 random bits.</summary>
    public static double NextDouble(ulong seed, ulong counter) =>
        (Mix(Mix(seed) + (counter + 1) * Gamma) >> 11) * (1.0 / (1UL << 53));

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
