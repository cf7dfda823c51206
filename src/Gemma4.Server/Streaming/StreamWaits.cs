using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;

namespace Gemma4.Server.Streaming;

/// <summary>What ended a wait.</summary>
internal enum Waited
{
    /// <summary>There is something to read.</summary>
    Something,

    /// <summary>Nothing came for a while.</summary>
    Silence,

    /// <summary>Nothing more will come.</summary>
    End,
}

/// <summary>The waits of one stream, each of which ends with something to read, with silence or with the client's leaving, whichever comes first.</summary>
/// <remarks>All waits share one timer and this object, which is their task: a token that is waited for allocates nothing here. The timer is not set
/// anew for each token; when it rings too early it is set for the rest.</remarks>
internal sealed class StreamWaits : IValueTaskSource, IDisposable
{
    private readonly Func<ValueTask<bool>> _source;
    private readonly TimeProvider _time;
    private readonly TimeSpan _patience;
    private readonly CancellationToken _left;
    private readonly CancellationTokenRegistration _leaving;
    private readonly ITimer? _timer;
    private readonly Action _onSomething;
    private ManualResetValueTaskSourceCore<bool> _wake;
    private ValueTaskAwaiter<bool> _next;
    private bool _isAwaited;
    private volatile bool _hasArrived;
    private volatile bool _isSilent;
    private long _spoke;
    private int _isWaiting;

    /// <param name="source">Waits for something to read; false when there will be nothing more. A wait is given up only with the stream.</param>
    /// <param name="patience">Silence that ends a wait; <see cref="Timeout.InfiniteTimeSpan"/> for never.</param>
    /// <param name="time">Measures it.</param>
    /// <param name="left">The client left.</param>
    public StreamWaits(Func<ValueTask<bool>> source, TimeSpan patience, TimeProvider time, CancellationToken left)
    {
        (_source, _patience, _time, _left) = (source, patience, time, left);
        _spoke = time.GetTimestamp();
        _onSomething = OnSomething;
        // Not on the thread that cancels, which has others to tell.
        _leaving = left.UnsafeRegister(static waits => ThreadPool.UnsafeQueueUserWorkItem(static w => w.Wake(), (StreamWaits)waits!, preferLocal: false), this);
        if (patience != Timeout.InfiniteTimeSpan)
            _timer = time.CreateTimer(static waits => ((StreamWaits)waits!).OnTimer(), this, patience, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Waits. After <see cref="Waited.Something"/> the caller reads all there is.</summary>
    /// <exception cref="OperationCanceledException">The client left.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<Waited> NextAsync()
    {
        while (true)
        {
            if (!_isAwaited)
                _next = _source().GetAwaiter();
            if (_isAwaited || !_next.IsCompleted)
                await WakeAsync();
            _left.ThrowIfCancellationRequested();
            if (_isAwaited && !_hasArrived)
            {
                if (!_isSilent)
                    continue;
                _isSilent = false;
                Spoke();
                return Waited.Silence;
            }
            (_isAwaited, _hasArrived) = (false, false);
            return _next.GetResult() ? Waited.Something : Waited.End;
        }
    }

    /// <summary>Says that what was read is passed on: silence begins anew.</summary>
    public void Spoke() => Volatile.Write(ref _spoke, _time.GetTimestamp());

    /// <summary>Ends timer and registration; whoever waits has ended.</summary>
    public void Dispose()
    {
        _leaving.Dispose();
        _timer?.Dispose();
    }

    /// <inheritdoc/>
    public void GetResult(short token) => _wake.GetResult(token);

    /// <inheritdoc/>
    public ValueTaskSourceStatus GetStatus(short token) => _wake.GetStatus(token);

    /// <inheritdoc/>
    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _wake.OnCompleted(continuation, state, token, flags);

    /// <summary>Waits for any of the three. The wait for something to read outlasts the others.</summary>
    private ValueTask WakeAsync()
    {
        _wake.Reset();
        Interlocked.Exchange(ref _isWaiting, 1);
        if (!_isAwaited)
        {
            _isAwaited = true;
            _next.UnsafeOnCompleted(_onSomething);
        }
        // What happened between two waits woke nobody.
        if (_hasArrived || _isSilent || _left.IsCancellationRequested)
            Wake();
        return new ValueTask(this, _wake.Version);
    }

    private void OnSomething()
    {
        _hasArrived = true;
        Wake();
    }

    private void OnTimer()
    {
        TimeSpan rest = _patience - _time.GetElapsedTime(Volatile.Read(ref _spoke));
        if (rest <= TimeSpan.Zero)
        {
            _isSilent = true;
            Wake();
            rest = _patience;
        }
        _timer!.Change(rest, Timeout.InfiniteTimeSpan);
    }

    private void Wake()
    {
        if (Interlocked.Exchange(ref _isWaiting, 0) == 1)
            _wake.SetResult(true);
    }
}
