using System.Globalization;
using Gemma4.Engine;
using Gemma4.Engine.Simulation;
using Gemma4.Measurement;

namespace Gemma4.Server.Hosting;

/// <summary>How fast the machine is that is planned for.</summary>
/// <param name="BytesPerSecond">As the user says; null to measure this one.</param>
/// <param name="ProductsPerSecond">Likewise.</param>
/// <param name="Threads">Threads that compute; null for one a core.</param>
internal sealed record PlannedSpeed(long? BytesPerSecond, long? ProductsPerSecond, int? Threads)
{
    /// <summary>What the user says; the rest as measured here. Where all is said it is a roofline: reading behind computing, and nothing beside them.</summary>
    public MachineSpeed Find(ModelPlan plan)
    {
        if (BytesPerSecond is { } read && ProductsPerSecond is { } computed)
            return new MachineSpeed(read, computed, Overlap: 1, TimeSpan.Zero);
        MachineSpeed here = MachineMeasurement.Run(plan, Threads);
        return here with { BytesPerSecond = BytesPerSecond ?? here.BytesPerSecond, ProductsPerSecond = ProductsPerSecond ?? here.ProductsPerSecond };
    }

    /// <summary>In words, with where each figure is from.</summary>
    public string Describe(MachineSpeed machine) => string.Create(
        CultureInfo.InvariantCulture,
        $"{machine.BytesPerSecond / 1e9:0.0} GB/s of memory {Source(BytesPerSecond)}, {machine.ProductsPerSecond / 1e12:0.###} T multiplications/s {Source(ProductsPerSecond)}");

    private static string Source(long? given) => given is null ? "measured here" : "as given";
}
