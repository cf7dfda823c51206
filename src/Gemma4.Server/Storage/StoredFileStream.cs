namespace Gemma4.Server.Storage;

/// <summary>A file's content, read part by part from any place; holds one part.</summary>
/// <param name="read">Reads a part; null where the file is gone.</param>
/// <param name="length">Bytes of all.</param>
internal sealed class StoredFileStream(Func<long, CancellationToken, Task<byte[]?>> read, long length) : Stream
{
    private byte[] _part = [];
    private long _partPosition = -1;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => true;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => length;

    /// <inheritdoc/>
    public override long Position { get; set; }

    /// <inheritdoc/>
    /// <exception cref="StorageException">The database does not answer, or the file was deleted meanwhile.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (Position >= length || buffer.IsEmpty)
            return 0;
        long wanted = Position / FileStore.PartBytes;
        if (wanted != _partPosition)
        {
            _part = await read(wanted, cancellationToken) ?? throw new StorageException("The file was deleted while it was read.");
            _partPosition = wanted;
        }
        int offset = (int)(Position % FileStore.PartBytes);
        int count = Math.Min(buffer.Length, _part.Length - offset);
        _part.AsMemory(offset, count).CopyTo(buffer);
        Position += count;
        return count;
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => Position + offset,
        _ => length + offset,
    };

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Flush() => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
