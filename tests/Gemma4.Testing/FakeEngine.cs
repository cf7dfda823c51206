using System.Collections.Concurrent;
using Gemma4.Engine;
using Gemma4.Engine.Requests;

namespace Gemma4.Testing;

/// <summary>An engine without a model: answers every request with the events of a script, and remembers what it was asked.</summary>
/// <param name="script">Makes the events of a request, in order; a sequence that is aborted gets no further ones of them.</param>
internal sealed class FakeEngine(Func<GenerationRequest, CancellationToken, IAsyncEnumerable<TokenEvent>> script) : IGenerationEngine
{
    private readonly ConcurrentQueue<Run> _runs = [];

    /// <summary>Sequences that have not ended.</summary>
    public int NumRunning => _runs.Sum(run => run.NumRunning);

    /// <summary>Requests in order of submission.</summary>
    public ConcurrentQueue<GenerationRequest> Requests { get; } = [];

    /// <summary>Sequences whose end was asked for before they had ended.</summary>
    public ConcurrentQueue<(string RequestId, int SequenceIndex)> Aborts { get; } = [];

    /// <summary>When set, every submission is refused with it.</summary>
    public RequestRejectedException? Rejection { get; set; }

    /// <summary>When set, every request is refused with it before its work begins.</summary>
    public RequestRejectedException? EarlyRejection { get; set; }

    /// <inheritdoc/>
    public EngineInfo Info { get; set; } = new(8192, 65536, 1024, 65536 * 1024, 16, 64, 2048);

    /// <inheritdoc/>
    public EngineHealth Health { get; set; } = EngineHealth.Ready;

    /// <summary>An engine whose every sequence is these tokens, then the end.</summary>
    public static FakeEngine Saying(params int[] tokenIds) => Saying(FinishReason.Stop, tokenIds);

    /// <summary>An engine whose every sequence is these tokens, ending for this reason.</summary>
    public static FakeEngine Saying(FinishReason reason, params int[] tokenIds) => new((request, _) => Say(request, reason, tokenIds));

    /// <inheritdoc/>
    public void CheckAdmission()
    {
        if (EarlyRejection is { } rejection)
            throw rejection;
    }

    /// <inheritdoc/>
    public Task<GenerationStream> SubmitAsync(GenerationRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Requests.Enqueue(request);
        if (Rejection is not null)
            return Task.FromException<GenerationStream>(Rejection);
        var run = new Run(this, request, script);
        _runs.Enqueue(run);
        return Task.FromResult(run.Stream);
    }

    /// <inheritdoc/>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        Health = new EngineHealth(EngineState.Draining, "draining");
        Task ended = Task.WhenAll(_runs.Select(run => run.Ended));
        await ended.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (Run run in _runs)
            run.AbortAll();
    }

    private static async IAsyncEnumerable<TokenEvent> Say(GenerationRequest request, FinishReason reason, int[] tokenIds)
    {
        for (int i = 0; i < Math.Max(1, tokenIds.Length); i++)
        {
            for (int sequence = 0; sequence < request.NumSequences; sequence++)
            {
                yield return new TokenEvent
                {
                    SequenceIndex = sequence,
                    TokenId = i < tokenIds.Length ? tokenIds[i] : null,
                    FinishReason = i >= tokenIds.Length - 1 ? reason : null,
                };
            }
            await Task.Yield();
        }
    }

    /// <summary>One request's script at play.</summary>
    private sealed class Run
    {
        private readonly FakeEngine _engine;
        private readonly GenerationRequest _request;
        private readonly Lock _lock = new();
        private readonly bool[] _ended;
        private readonly CancellationTokenSource _allEnded = new();
        private readonly TaskCompletionSource _allEndedTask = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Run(
            FakeEngine engine, GenerationRequest request, Func<GenerationRequest, CancellationToken, IAsyncEnumerable<TokenEvent>> script)
        {
            _engine = engine;
            _request = request;
            _ended = new bool[request.NumSequences];
            Stream = new GenerationStream(request.NumSequences, Abort);
            _ = Task.Run(() => PlayAsync(script(request, _allEnded.Token)));
        }

        public GenerationStream Stream { get; }

        /// <summary>Completes when every sequence has ended.</summary>
        public Task Ended => _allEndedTask.Task;

        public int NumRunning
        {
            get
            {
                lock (_lock)
                    return _ended.Count(ended => !ended);
            }
        }

        /// <summary>Ends what has not ended, as an engine does that stops.</summary>
        public void AbortAll()
        {
            for (int i = 0; i < _ended.Length; i++)
                Publish(new TokenEvent { SequenceIndex = i, FinishReason = FinishReason.Aborted });
        }

        private async Task PlayAsync(IAsyncEnumerable<TokenEvent> events)
        {
            try
            {
                await foreach (TokenEvent e in events)
                    Publish(e);
            }
            catch (OperationCanceledException) when (_allEnded.IsCancellationRequested)
            {
                // Every sequence has had its last event: the script was told to stop waiting.
            }
        }

        private void Abort(int index)
        {
            lock (_lock)
            {
                if (_ended[index])
                    return;
                _engine.Aborts.Enqueue((_request.Id, index));
                Publish(new TokenEvent { SequenceIndex = index, FinishReason = FinishReason.Aborted });
            }
        }

        private void Publish(TokenEvent e)
        {
            lock (_lock)
            {
                if (_ended[e.SequenceIndex])
                    return;
                _ended[e.SequenceIndex] = e.FinishReason is not null;
                Stream.Publish(in e);
                if (Array.TrueForAll(_ended, ended => ended))
                {
                    _allEnded.Cancel();
                    _allEndedTask.TrySetResult();
                }
            }
        }
    }
}
