using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;

namespace Gemma4.Server.Streaming;

/// <summary>Reads a generation in batches: all that is there, or nothing when it was silent for a while. A client that reads slowly finds in one
/// batch what gathered meanwhile; the engine, which never waits, does not notice.</summary>
/// <remarks>
/// A wait ends with events, with silence or with the caller's leaving, whichever comes first. All waits of a stream share one timer and this object,
/// which is their task: a token that is waited for allocates nothing here. The timer is not set anew for each token; when it rings too early it
/// is set for the rest.
/// </remarks>
internal sealed class GenerationReader : IValueTaskSource, IDisposable
{
    private readonly IGeneration _generation;
    private readonly TimeProvider _time;
    private readonly TimeSpan _patience;
    private readonly CancellationToken _left;
    private readonly CancellationTokenRegistration _leaving;
    private readonly ITimer? _timer;
    private readonly Action _onEvents;
    private readonly EventBatch _batch = new();
    private ManualResetValueTaskSourceCore<bool> _wake;
    private ValueTaskAwaiter<bool> _next;
    private bool _isAwaited;
    private volatile bool _hasArrived;
    private volatile bool _isSilent;
    private long _spoke;
    private int _isWaiting;

    /// <summary>Begins to read; the generation stays its owner's, who disposes it after this.</summary>
    /// <param name="generation">Has not been read.</param>
    /// <param name="patience">Silence that is told; <see cref="Timeout.InfiniteTimeSpan"/> for never.</param>
    /// <param name="time">Measures it.</param>
    /// <param name="left">The caller left.</param>
    public GenerationReader(IGeneration generation, TimeSpan patience, TimeProvider time, CancellationToken left)
    {
        (_generation, _patience, _time, _left) = (generation, patience, time, left);
        _spoke = time.GetTimestamp();
        _onEvents = OnEvents;
        _leaving = left.UnsafeRegister(static reader => ThreadPool.UnsafeQueueUserWorkItem(static r => r.Wake(), (GenerationReader)reader!, preferLocal: false), this);
        if (patience != Timeout.InfiniteTimeSpan)
            _timer = time.CreateTimer(static reader => ((GenerationReader)reader!).OnTimer(), this, patience, Timeout.InfiniteTimeSpan);
    }

    /// <summary>What the last <see cref="ReadAsync"/> brought; empty after silence. Good until the next.</summary>
    public IReadOnlyList<SequenceEvent> Events { get; private set; } = [];

    /// <summary>Reads a generation to its end, for an answer that is not streamed.</summary>
    public static async Task ReadToEndAsync(IGeneration generation, Action<SequenceEvent> add, CancellationToken left)
    {
        using var reader = new GenerationReader(generation, Timeout.InfiniteTimeSpan, TimeProvider.System, left);
        while (await reader.ReadAsync())
        {
            foreach (SequenceEvent item in reader.Events)
                add(item);
        }
    }

    /// <summary>Waits for the next batch.</summary>
    /// <returns>False when there are no more.</returns>
    /// <exception cref="Errors.ApiException">A sequence failed.</exception>
    /// <exception cref="OperationCanceledException">The caller left.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> ReadAsync()
    {
        while (true)
        {
            if (!_isAwaited)
                _next = _generation.WaitAsync().GetAwaiter();
            if (_isAwaited || !_next.IsCompleted)
                await WakeAsync();
            _left.ThrowIfCancellationRequested();
            if (_isAwaited && !_hasArrived)
            {
                if (!_isSilent)
                    continue;
                _isSilent = false;
                Events = [];
                _spoke = _time.GetTimestamp();
                return true;
            }
            (_isAwaited, _hasArrived) = (false, false);
            if (!_next.GetResult())
                return false;
            _generation.Read(_batch);
            if (_batch.IsEmpty)
                continue;
            Events = _batch.Take();
            Volatile.Write(ref _spoke, _time.GetTimestamp());
            return true;
        }
    }

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

    /// <summary>Waits for events, the timer or the caller's leaving. The wait for events outlasts the others.</summary>
    private ValueTask WakeAsync()
    {
        _wake.Reset();
        Interlocked.Exchange(ref _isWaiting, 1);
        if (!_isAwaited)
        {
            _isAwaited = true;
            _next.UnsafeOnCompleted(_onEvents);
        }
        // What happened between two waits woke nobody.
        if (_hasArrived || _isSilent || _left.IsCancellationRequested)
            Wake();
        return new ValueTask(this, _wake.Version);
    }

    private void OnEvents()
    {
        _hasArrived = true;
        Wake();
    }

    private void OnTimer()
    {
        TimeSpan left = _patience - _time.GetElapsedTime(Volatile.Read(ref _spoke));
        if (left > TimeSpan.Zero)
        {
            _timer!.Change(left, Timeout.InfiniteTimeSpan);
            return;
        }
        _isSilent = true;
        Wake();
        _timer!.Change(_patience, Timeout.InfiniteTimeSpan);
    }

    private void Wake()
    {
        if (Interlocked.Exchange(ref _isWaiting, 0) == 1)
            _wake.SetResult(true);
    }
}
