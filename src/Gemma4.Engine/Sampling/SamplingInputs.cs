using Gemma4.Engine.Requests;

namespace Gemma4.Engine.Sampling;

/// <summary>All that one sequence's next token depends on beside its logits.</summary>
internal readonly ref struct SamplingInputs
{
    /// <summary>How tokens are chosen.</summary>
    public required SamplingParams Params { get; init; }

    /// <summary>Prompt, then output.</summary>
    public required ReadOnlySpan<int> TokenIds { get; init; }

    /// <summary>How many of <see cref="TokenIds"/> are the prompt.</summary>
    public required int NumPromptTokens { get; init; }

    /// <summary>Seed of the sequence; with the number of output tokens it fixes the draw.</summary>
    public required ulong Seed { get; init; }

    /// <summary>How often each of <see cref="TokenIds"/> was generated; needed where the parameters penalise.</summary>
    public PenaltyCounts? Counts { get; init; }

    /// <summary>The tokens that the sequence's constraint allows, one bit an id; empty allows all.</summary>
    public ReadOnlySpan<uint> Mask { get; init; }

    /// <summary>Tokens that may not be chosen now: end tokens while the output is shorter than its minimum.</summary>
    public ReadOnlySpan<int> ForbiddenTokenIds { get; init; }

    /// <summary>Number of tokens generated so far.</summary>
    public int NumOutputTokens => TokenIds.Length - NumPromptTokens;
}
