namespace Gemma4.Server.Storage;

/// <summary>Bytes from all over a file's content: the parts that were read last are held, since many places that are asked for lie in one. Thread-safe.</summary>
/// <param name="read">Reads a part; null where the content is gone.</param>
internal sealed class StoredParts(Func<long, CancellationToken, Task<byte[]?>> read)
{
    /// <summary>Parts that are held, each of <see cref="FileStore.PartBytes"/>.</summary>
    private const int MaxHeld = 8;

    private readonly Lock _lock = new();
    private readonly LinkedList<(long Position, Task<byte[]?> Part)> _held = [];     // the one that was asked for last comes first

    /// <summary>Some bytes.</summary>
    /// <param name="offset">Of the first.</param>
    /// <param name="length">How many; the content has them.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">The database does not answer, or the content is gone.</exception>
    public async Task<byte[]> ReadAsync(long offset, int length, CancellationToken cancellationToken)
    {
        byte[] bytes = new byte[length];
        for (int done = 0; done < length;)
        {
            (long position, long from) = Math.DivRem(offset + done, FileStore.PartBytes);
            byte[] part = await PartAsync(position, cancellationToken) ?? [];
            if (part.Length <= from)
                throw new StorageException("The batch is not kept any more.");
            int count = (int)Math.Min(length - done, part.Length - from);
            part.AsSpan((int)from, count).CopyTo(bytes.AsSpan(done));
            done += count;
        }
        return bytes;
    }

    private Task<byte[]?> PartAsync(long position, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            LinkedListNode<(long Position, Task<byte[]?> Part)>? node = _held.First;
            while (node is not null && node.Value.Position != position)
                node = node.Next;
            if (node is not null)
                _held.Remove(node);
            // Others may wait for the same part, so no one of them can give it up. One that failed is read again.
            if (node is null or { Value.Part: { IsCompleted: true, IsCompletedSuccessfully: false } })
                node = new((position, read(position, CancellationToken.None)));
            _held.AddFirst(node);
            if (_held.Count > MaxHeld)
                _held.RemoveLast();
            return node.Value.Part.WaitAsync(cancellationToken);
        }
    }
}
