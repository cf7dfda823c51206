using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.KvCache;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Sampling;
using Gemma4.Engine.Scheduling;
using Microsoft.Extensions.Logging;

namespace Gemma4.Engine;

/// <summary>Serves many requests at once over one model: the door to the engine's thread.</summary>
public sealed class GemmaEngine : IGenerationEngine, IAsyncDisposable
{
    private readonly SequenceFactory _sequences;
    private readonly AdmissionGate _gate;
    private readonly EngineLoop _loop;
    private readonly TimeProvider _time;
    private readonly int _vocabularySize;
    private long _nextSequenceId;
    private volatile bool _draining;

    /// <summary>Starts an engine.</summary>
    /// <param name="runner">Executes its steps; owned by the engine from here on and disposed on its thread.</param>
    /// <param name="model">What the scheduler must know of the model.</param>
    /// <param name="cache">The KV cache that the runner has made.</param>
    /// <param name="options">Valid options.</param>
    /// <param name="meters">Makes the meter.</param>
    /// <param name="loggers">Makes the logger.</param>
    /// <param name="time">Clock of metrics.</param>
    /// <param name="drafter">Guesses next tokens, called on the engine's thread; null has every token sampled alone.</param>
    internal GemmaEngine(
        IModelRunner runner, ModelTraits model, KvCachePlan cache, EngineOptions options,
        IMeterFactory meters, ILoggerFactory loggers, TimeProvider time, IDrafter? drafter = null)
    {
        int maxContextLength = Math.Min(
            Math.Min(model.MaxContextLength, options.MaxContextLength ?? int.MaxValue), cache.MaxSequenceTokens);
        var limits = new SchedulerLimits(
            options.MaxSequences, options.MaxTokensPerStep, options.MaxEncoderTokensPerPass, maxContextLength, model.MediaIsBidirectional);
        Info = new EngineInfo(
            maxContextLength, cache.CapacityTokens, cache.BytesPerToken, cache.TotalBytes, cache.BlockSize,
            options.MaxSequences, options.MaxTokensPerStep);
        ILogger logger = loggers.CreateLogger<GemmaEngine>();
        var manager = new KvCacheManager(cache);
        _time = time;
        _vocabularySize = model.VocabularySize;
        _sequences = new SequenceFactory(cache, limits, options.PrefixCache, model.Adapters);
        _gate = new AdmissionGate(options.MaxQueuedRequests);
        var metrics = new EngineMetrics(meters, manager, _gate);
        _loop = new EngineLoop(
            new Scheduler(manager, limits, drafter is null ? null : new SequenceDrafts(drafter, model.VocabularySize)), runner, _gate, new RequestTracker(_gate, metrics, new EngineTraces(time), time), new PromptPacer(options.TargetStepTime), new BatchPacer(),
            metrics, logger, time, model.VocabularySize, options);
        Log.EngineStarted(logger, KvCostTable.ForPlan(cache, maxContextLength).TrimEnd());
        _loop.Start();
    }

    /// <inheritdoc/>
    public EngineInfo Info { get; }

    /// <inheritdoc/>
    public EngineHealth Health => _draining && _loop.Health.State is not (EngineState.Failed or EngineState.Stalled)
        ? new EngineHealth(EngineState.Draining, "The engine is stopping.")
        : _loop.Health;

    /// <inheritdoc/>
    public void CheckAdmission() => _gate.Check();

    /// <inheritdoc/>
    public Task<GenerationStream> SubmitAsync(GenerationRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        cancellationToken.ThrowIfCancellationRequested();
        long submitted = _time.GetTimestamp();
        long firstId = Interlocked.Add(ref _nextSequenceId, Math.Max(1, request.NumSequences)) - Math.Max(1, request.NumSequences);
        if (request.Sampling.AllowedTokenIds.Length > 0 && request.MaxTokens != 0)
            Exclusions.ThrowIfAny(AtFirstToken(request), _vocabularySize);
        ImmutableArray<Sequence> sequences = _sequences.Create(request, firstId, request.Sampling.Seed ?? FreshSeed());
        var stream = new GenerationStream(sequences.Length, index => _loop.TryPost(new EngineCommand.Abort(sequences[index])));
        _gate.Enter(request.IsBatch);
        if (!_loop.TryPost(new EngineCommand.Admit(new ActiveRequest(request, sequences, stream, submitted))))
        {
            _gate.LeaveQueue(request.IsBatch, TimeSpan.Zero);
            _gate.Leave();
            throw new RequestRejectedException(RejectionReason.Unavailable, "The engine has stopped.");
        }
        return Task.FromResult(stream);
    }

    /// <inheritdoc/>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        _draining = true;
        Task empty = _gate.Close("The engine is stopping.");
        try
        {
            await empty.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            _loop.TryPost(new EngineCommand.AbortAll());
            await empty.ConfigureAwait(false);
        }
    }

    /// <summary>Aborts what is being served, ends the thread and disposes the runner.</summary>
    public async ValueTask DisposeAsync()
    {
        _draining = true;
        _ = _gate.Close("The engine is stopping.");
        await _loop.StopAsync().ConfigureAwait(false);
    }

    /// <summary>What the choice of a request's first token will depend on, but for the logits and the mask.</summary>
    private static SamplingInputs AtFirstToken(GenerationRequest request) => new()
    {
        Params = request.Sampling,
        TokenIds = request.PromptTokenIds.AsSpan(),
        NumPromptTokens = request.PromptTokenIds.Length,
        Seed = 0,
        ForbiddenTokenIds = request.MinTokens > 0 ? request.StopTokenIds.AsSpan() : [],
    };

    private static ulong FreshSeed()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(bytes);
        return BitConverter.ToUInt64(bytes);
    }
}
