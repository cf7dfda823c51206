namespace Gemma4.Server.Media;

/// <summary>Bounds how many media are decoded at once: decoding is arithmetic, and more of it than there are processors only holds more
/// memory.</summary>
internal sealed class DecodeSlots : IDisposable
{
    private readonly SemaphoreSlim _slots = new(Environment.ProcessorCount);

    /// <summary>Waits for its turn and decodes on the caller's task.</summary>
    public async Task<T> RunAsync<T>(Func<T> decode, CancellationToken cancellationToken)
    {
        await _slots.WaitAsync(cancellationToken);
        try
        {
            return decode();
        }
        finally
        {
            _slots.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _slots.Dispose();
}
