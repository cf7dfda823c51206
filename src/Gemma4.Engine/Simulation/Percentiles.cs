namespace Gemma4.Engine.Simulation;

/// <summary>The middle and the slow end of many durations, by nearest rank; zero where there are none.</summary>
/// <param name="P50">Half of them are no longer.</param>
/// <param name="P95">95 of 100 are no longer.</param>
/// <param name="P99">99 of 100 are no longer.</param>
public readonly record struct Percentiles(TimeSpan P50, TimeSpan P95, TimeSpan P99)
{
    /// <summary>Of durations in any order, which are sorted in place.</summary>
    public static Percentiles Of(List<TimeSpan> durations)
    {
        ArgumentNullException.ThrowIfNull(durations);
        durations.Sort();
        TimeSpan At(double share) => durations.Count == 0 ? TimeSpan.Zero : durations[(int)Math.Ceiling(share * durations.Count) - 1];
        return new Percentiles(At(0.5), At(0.95), At(0.99));
    }
}
