namespace Gemma4.FleetSimulation;

/// <summary>SplitMix64's finaliser (Steele, Lea and Flood 2014): equal numbers give equal ones, near ones far ones.</summary>
internal static class Mixing
{
    /// <summary>Of a number.</summary>
    public static ulong Of(ulong x)
    {
        x += 0x9E3779B97F4A7C15;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
