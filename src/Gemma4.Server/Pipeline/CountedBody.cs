using Gemma4.Server.Errors;
using Gemma4.Server.Limits;

namespace Gemma4.Server.Pipeline;

/// <summary>A request's body whose bytes count in the server's budget from when they are read until they are released, and which must
/// arrive in time.</summary>
/// <remarks>What was announced is not taken, only what has come: else a few connections that announce much and send nothing would keep
/// all others out.</remarks>
internal sealed class CountedBody : Stream
{
    private readonly Stream _inner;
    private readonly ByteBudget _budget;
    private readonly TimeSpan _patience;
    private readonly CancellationTokenSource _deadline;
    private long _taken;

    /// <param name="inner">The body; stays its owner's.</param>
    /// <param name="budget">Counts the bytes of all requests.</param>
    /// <param name="patience">Longest time until the last byte.</param>
    /// <param name="time">Measures it.</param>
    public CountedBody(Stream inner, ByteBudget budget, TimeSpan patience, TimeProvider time)
    {
        (_inner, _budget, _patience) = (inner, budget, patience);
        _deadline = new CancellationTokenSource(patience, time);
    }

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

    /// <summary>Whether bytes are passed on as they come: what was read before is held by nobody when the next is read, and returned then.</summary>
    public bool IsPassedOn { get; set; }

    /// <summary>Returns what was counted: nothing of the body is held any more. Idempotent.</summary>
    public void Release() => _budget.Return(Interlocked.Exchange(ref _taken, 0));

    /// <inheritdoc/>
    /// <exception cref="ApiException">429: all bodies together are too much. 408: it took too long. 400: it is framed wrongly.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (IsPassedOn)
            Release();
        int read = await ReadInTimeAsync(buffer, cancellationToken);
        if (!_budget.TryTake(read))
            throw new ApiException(ErrorTable.TooManyBodyBytes(_budget.MaxBytes));
        Interlocked.Add(ref _taken, read);
        return read;
    }

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

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        Release();
        _deadline.Dispose();
        base.Dispose(disposing);
    }

    private async ValueTask<int> ReadInTimeAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _deadline.Token);
        try
        {
            return await _inner.ReadAsync(buffer, either.Token);
        }
        catch (OperationCanceledException) when (_deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new ApiException(ErrorTable.BodyTooSlow(_patience));
        }
        catch (IOException exception) when (exception.InnerException is OverflowException)
        {
            // Kestrel's answer to a chunk size of more than 31 bits; its other faults of framing have a status already.
            throw new ApiException(ApiError.BadRequest("The body is framed wrongly: a chunk's size is larger than any chunk may be."));
        }
    }
}
