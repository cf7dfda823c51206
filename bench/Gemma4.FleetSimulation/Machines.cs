using Gemma4.Engine.Simulation;

namespace Gemma4.FleetSimulation;

/// <summary>Machines that steps are reckoned for.</summary>
/// <remarks>Those with processors are fitted to steps of E2B that were measured (docs/performance.md); that they fit 26B-A4B too is a check. Cards are computed from
/// their data sheets: 0.75 of the bandwidth, half of the dense bfloat16 arithmetic, three quarters of the shorter hidden behind the longer, 2 ms a step. None was measured.</remarks>
internal static class Machines
{
    /// <summary>Of the shorter of reading and computing, so much goes on beside the longer: what eight sequences take against one and against a prompt.</summary>
    private const double Overlap = 0.75;

    /// <summary>By the name that the command line has.</summary>
    public static IReadOnlyDictionary<string, Machine> All { get; } = new Dictionary<string, Machine>
    {
        // Two processors each. Weights in bfloat16 are multiplied without the integer instructions that those in 4 bits are.
        ["zen4"] = new(new MachineSpeed(30.5e9, 278e9, Overlap, TimeSpan.Zero), 24e9),
        ["zen4-bfloat16"] = new(new MachineSpeed(32.5e9, 71e9, Overlap, TimeSpan.Zero), 24e9),
        ["sapphire"] = new(new MachineSpeed(20.2e9, 167e9, Overlap, TimeSpan.Zero), 24e9),
        ["l4"] = Card(300e9, 121e12, 24e9),
        ["rtx4090"] = Card(1008e9, 165e12, 24e9),
        ["l40s"] = Card(864e9, 362e12, 48e9),
        ["a100"] = Card(2039e9, 312e12, 80e9),
        ["h100"] = Card(3350e9, 989e12, 80e9),
        ["h200"] = Card(4800e9, 989e12, 141e9),
    };

    /// <param name="bytesPerSecond">Bandwidth of the data sheet.</param>
    /// <param name="operationsPerSecond">Dense bfloat16 operations of the data sheet; a multiplication with its addition is two.</param>
    /// <param name="memoryBytes">Memory.</param>
    private static Machine Card(double bytesPerSecond, double operationsPerSecond, double memoryBytes) =>
        new(new MachineSpeed(0.75 * bytesPerSecond, 0.5 * operationsPerSecond / 2, Overlap, TimeSpan.FromMilliseconds(2)), memoryBytes);
}

/// <summary>A machine that serves.</summary>
/// <param name="Speed">How fast.</param>
/// <param name="MemoryBytes">What weights, keys and values share.</param>
internal sealed record Machine(MachineSpeed Speed, double MemoryBytes);
