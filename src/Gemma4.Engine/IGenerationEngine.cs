using Gemma4.Engine.Requests;

namespace Gemma4.Engine;

/// <summary>Takes requests of token ids and streams token ids back; implemented by <c>GemmaEngine</c>.</summary>
public interface IGenerationEngine
{
    /// <summary>What was resolved at start.</summary>
    EngineInfo Info { get; }

    /// <summary>Whether it serves, now.</summary>
    EngineHealth Health { get; }

    /// <summary>Refuses what <see cref="SubmitAsync"/> would refuse at this moment whatever is asked for, before any work is done for a
    /// request. Costs nothing and promises nothing: only <see cref="SubmitAsync"/> takes a place in the queue.</summary>
    /// <exception cref="RequestRejectedException"><see cref="RejectionReason.QueueFull"/> (with
    /// <see cref="RequestRejectedException.RetryAfter"/>) or <see cref="RejectionReason.Unavailable"/>.</exception>
    void CheckAdmission();

    /// <summary>Checks the request against context, memory and queue, and queues it.</summary>
    /// <param name="request">What is asked for.</param>
    /// <param name="cancellationToken">Gives up the submission; disposing the stream is what ends the work afterwards.</param>
    /// <returns>The stream of its sequences. The caller disposes it, which aborts what has not ended.</returns>
    /// <exception cref="RequestRejectedException"><see cref="RejectionReason.InvalidRequest"/>,
    /// <see cref="RejectionReason.ContextLengthExceeded"/>, <see cref="RejectionReason.QueueFull"/> (with
    /// <see cref="RequestRejectedException.RetryAfter"/>) or <see cref="RejectionReason.Unavailable"/>.</exception>
    Task<GenerationStream> SubmitAsync(GenerationRequest request, CancellationToken cancellationToken);

    /// <summary>Refuses new requests and waits for those being served.</summary>
    /// <param name="cancellationToken">Ends the wait: what is still being served is then aborted.</param>
    Task DrainAsync(CancellationToken cancellationToken);
}
