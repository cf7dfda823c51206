namespace Gemma4.Engine.Backends.Cpu;

/// <summary>Memory that each thread of a team has to itself for the length of a part.</summary>
/// <param name="numWorkers">Threads.</param>
internal sealed unsafe class WorkerScratch(int numWorkers) : IDisposable
{
    private readonly HostMemory?[] _memory = new HostMemory?[numWorkers];

    /// <summary>Room for at least so many numbers, not cleared; valid until the worker asks again.</summary>
    public float* Of(int worker, long numbers)
    {
        long bytes = numbers * sizeof(float);
        HostMemory? memory = _memory[worker];
        if (memory is null || memory.Length < bytes)
        {
            memory?.Dispose();
            _memory[worker] = memory = new HostMemory(Math.Max(bytes, 2 * (memory?.Length ?? 0)));
        }
        return (float*)memory.Data;
    }

    public void Dispose()
    {
        foreach (HostMemory? memory in _memory)
            memory?.Dispose();
    }
}
