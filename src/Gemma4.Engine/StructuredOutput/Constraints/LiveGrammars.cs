using Gemma4.Engine.Requests;

namespace Gemma4.Engine.StructuredOutput.Constraints;

/// <summary>Knows the memory of all compiled constraints, those in use by waiting and running sequences among them. Thread-safe.</summary>
/// <param name="maxBytes">At most so many bytes together.</param>
/// <remarks>It holds them weakly, so one that nobody uses counts until the garbage collector has seen that.</remarks>
internal sealed class LiveGrammars(long maxBytes)
{
    private readonly Lock _lock = new();
    private readonly List<WeakReference<CompiledGrammar>> _grammars = [];

    /// <summary>To be asked before one more is compiled.</summary>
    /// <exception cref="RequestRejectedException">Those there are take all that they may.</exception>
    public void CheckRoom()
    {
        lock (_lock)
        {
            long bytes = 0;
            _grammars.RemoveAll(g => !g.TryGetTarget(out _));
            foreach (WeakReference<CompiledGrammar> reference in _grammars)
                bytes += reference.TryGetTarget(out CompiledGrammar? grammar) ? grammar.BytesKept : 0;
            if (bytes > maxBytes)
            {
                throw new RequestRejectedException(RejectionReason.QueueFull,
                    $"The schemas and grammars of answers being written take {bytes >> 20} MiB, as much as they may (option Constraints:MaxTotalMegabytes); try again later.");
            }
        }
    }

    public void Add(CompiledGrammar grammar)
    {
        lock (_lock)
            _grammars.Add(new(grammar));
    }
}
