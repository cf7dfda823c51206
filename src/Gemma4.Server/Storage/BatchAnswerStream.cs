namespace Gemma4.Server.Storage;

/// <summary>The answers of a batch as a file, a line each; holds some of them.</summary>
/// <param name="read">Gives answers behind a line, in order; none at the end.</param>
internal sealed class BatchAnswerStream(Func<long, Task<List<(long Position, byte[] Body)>>> read) : Stream
{
    private readonly MemoryStream _some = new();
    private long _last = -1;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Whether there is nothing left to read.</summary>
    public async ValueTask<bool> IsEmptyAsync()
    {
        if (_some.Position < _some.Length)
            return false;
        List<(long Position, byte[] Body)> answers = await read(_last);
        _some.SetLength(0);
        foreach ((long position, byte[] body) in answers)
        {
            _some.Write(body);
            _some.WriteByte((byte)'\n');
            _last = position;
        }
        _some.Position = 0;
        return answers.Count == 0;
    }

    /// <inheritdoc/>
    /// <exception cref="StorageException">The database does not answer.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => await IsEmptyAsync() ? 0 : _some.Read(buffer.Span);

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Flush() => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
