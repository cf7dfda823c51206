using System.Collections.Immutable;

namespace Gemma4.Engine.Requests;

/// <summary>What the engine is asked for: token ids and media in, <see cref="NumSequences"/> sequences of token ids out.</summary>
public sealed record GenerationRequest
{
    /// <summary>Names the request in logs; unique among those being served.</summary>
    public required string Id { get; init; }

    /// <summary>The prompt, <c>&lt;bos&gt;</c> and media placeholders included. Not empty.</summary>
    public required ImmutableArray<int> PromptTokenIds { get; init; }

    /// <summary>Images and audio clips of the prompt in the order of their placeholders.</summary>
    public ImmutableArray<MediaItem> Media { get; init; } = [];

    /// <summary>How tokens are chosen.</summary>
    public required SamplingParams Sampling { get; init; }

    /// <summary>How many sequences continue the prompt (<c>n</c>); they share its computation.</summary>
    public int NumSequences { get; init; } = 1;

    /// <summary>At most this many tokens are generated in each sequence; null allows all that the context holds.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>End tokens are not sampled before this many tokens.</summary>
    public int MinTokens { get; init; }

    /// <summary>A sequence ends after one of these (the checkpoint's end tokens and the caller's).</summary>
    public ImmutableArray<int> StopTokenIds { get; init; } = [];

    /// <summary>Narrows what may be generated; null allows everything.</summary>
    public ITokenConstraintSource? Constraint { get; init; }

    /// <summary>Smaller is sooner; equal priorities are served first come, first served.</summary>
    public int Priority { get; init; }

    /// <summary>Runs only in the time that others leave: behind every request that is not of a batch, whatever the priorities, and preempted before them.</summary>
    public bool IsBatch { get; init; }

    /// <summary>Requests share cached prefixes only within one salt; null shares with all that have none.</summary>
    public string? CacheSalt { get; init; }

    /// <summary>Weights to add to the model's own; null uses the model as it is. Prefixes are shared only within one adapter.</summary>
    public AdapterId? Adapter { get; init; }

    /// <summary>Report log-probabilities of the prompt's tokens as well (<c>echo</c> with <c>logprobs</c>).</summary>
    public bool PromptLogprobs { get; init; }
}
