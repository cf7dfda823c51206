namespace Gemma4.Server.Limits;

/// <summary>Counts bytes that requests hold, all together, up to a limit. Thread-safe.</summary>
/// <param name="maxBytes">The limit.</param>
internal sealed class ByteBudget(long maxBytes)
{
    private long _held;

    /// <summary>The limit.</summary>
    public long MaxBytes { get; } = maxBytes;

    /// <summary>What is held now.</summary>
    public long Held => Volatile.Read(ref _held);

    /// <summary>Whether so many more would fit now; promises nothing.</summary>
    public bool HasRoomFor(long bytes) => bytes <= MaxBytes - Held;

    /// <summary>Takes bytes, or nothing and answers false where they do not fit.</summary>
    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _held, bytes) <= MaxBytes)
            return true;
        Return(bytes);
        return false;
    }

    /// <summary>Gives back what was taken.</summary>
    public void Return(long bytes) => Interlocked.Add(ref _held, -bytes);
}
