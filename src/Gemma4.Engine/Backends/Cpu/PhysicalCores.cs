namespace Gemma4.Engine.Backends.Cpu;

/// <summary>How many cores the process may use.</summary>
/// <remarks>Two threads of one core share its arithmetic: a second one gains little and costs the first its cache.</remarks>
internal static class PhysicalCores
{
    private const string Topology = "/sys/devices/system/cpu";

    /// <summary>Cores; where the system does not tell which processors share one, processors.</summary>
    public static int Count()
    {
        int processors = Environment.ProcessorCount;
        if (!Directory.Exists(Topology))
            return processors;
        try
        {
            int cores = Directory.EnumerateDirectories(Topology, "cpu*")
                .Select(cpu => Path.Combine(cpu, "topology", "thread_siblings_list"))
                .Where(File.Exists)
                .Select(File.ReadAllText)
                .Distinct(StringComparer.Ordinal)
                .Count();
            return cores == 0 ? processors : Math.Min(cores, processors);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return processors;
        }
    }
}
