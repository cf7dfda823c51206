using System.Collections.Immutable;
using System.Diagnostics;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Scheduling;

namespace Gemma4.Engine;

/// <summary>A request between submission and the end of its last sequence.</summary>
/// <param name="request">What was asked for.</param>
/// <param name="sequences">Its sequences.</param>
/// <param name="stream">Where their events go.</param>
/// <param name="submitted">Timestamp of the submission.</param>
internal sealed class ActiveRequest(
    GenerationRequest request, ImmutableArray<Sequence> sequences, GenerationStream stream, long submitted)
{
    /// <summary>What was asked for.</summary>
    public GenerationRequest Request { get; } = request;

    /// <summary>Its sequences.</summary>
    public ImmutableArray<Sequence> Sequences { get; } = sequences;

    /// <summary>Where their events go.</summary>
    public GenerationStream Stream { get; } = stream;

    /// <summary>Timestamp of the submission.</summary>
    public long Submitted { get; } = submitted;

    /// <summary>The span that was current at the submission; that of its caller.</summary>
    public ActivityContext Trace { get; } = Activity.Current?.Context ?? default;

    /// <summary>True until a step is planned with one of its sequences, or it ends before.</summary>
    public bool IsQueued { get; set; } = true;

    /// <summary>Timestamp of its first step; null before.</summary>
    public long? Started { get; set; }

    /// <summary>Timestamp of its first token; null before.</summary>
    public long? FirstToken { get; set; }

    /// <summary>Timestamp of the first step that worked on one of its media; null while none has.</summary>
    public long? EncoderBegan { get; set; }

    /// <summary>Timestamp of the end of the last such step.</summary>
    public long EncoderEnded { get; set; }

    /// <summary>Sequences that have not ended.</summary>
    public int NumRunning { get; set; } = sequences.Length;

    /// <summary>Timestamp of each sequence's last token; 0 before the first.</summary>
    public long[] LastToken { get; } = new long[sequences.Length];
}
