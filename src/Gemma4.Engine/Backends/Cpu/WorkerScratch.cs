namespace Gemma4.Engine.Backends.Cpu;

/// <summary>Memory that each thread of a team has to itself for the length of a part.</summary>
/// <param name="numWorkers">Threads.</param>
internal sealed unsafe class WorkerScratch(int numWorkers) : IDisposable
{
    private readonly GrowingMemory[] _memory = [.. Enumerable.Range(0, numWorkers).Select(_ => new GrowingMemory())];

    /// <summary>Room for at least so many numbers, not cleared; valid until the worker asks again.</summary>
    public float* Of(int worker, long numbers) => (float*)_memory[worker].Reserve(numbers * sizeof(float));

    public void Dispose()
    {
        foreach (GrowingMemory memory in _memory)
            memory.Dispose();
    }
}
