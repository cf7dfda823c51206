using System.Runtime.InteropServices;
using Gemma4.Engine.KvCache;
using Gemma4.Engine.Requests;

namespace Gemma4.Engine.Scheduling;

/// <summary>Names a sequence among all that the engine serves.</summary>
/// <param name="Value">Unique over the engine's life, and smaller for those that came earlier.</param>
public readonly record struct SequenceId(long Value);

/// <summary>One stream of tokens being served: the prompt, then what was sampled; some of them computed.</summary>
public sealed class Sequence
{
    private readonly List<int> _tokenIds;
    private uint[]? _mask;

    /// <summary>A sequence with nothing computed, for runners that are driven without a scheduler.</summary>
    /// <param name="id">Unique among all sequences.</param>
    /// <param name="request">The request it belongs to.</param>
    /// <param name="index">Which of the request's sequences, from 0.</param>
    /// <param name="seed">Seeds its samples.</param>
    public Sequence(SequenceId id, GenerationRequest request, int index, ulong seed)
        : this(id, request, index, seed, new SequenceKv(0, null), [], request.MaxTokens ?? int.MaxValue)
    {
    }

    internal Sequence(
        SequenceId id, GenerationRequest request, int index, ulong seed, SequenceKv kv, KeyedSpan[] mediaSpans, int maxOutputTokens)
    {
        _tokenIds = [.. request.PromptTokenIds];
        Id = id;
        Request = request;
        Index = index;
        Seed = seed;
        Constraint = request.Constraint?.Create();
        Kv = kv;
        MediaSpans = mediaSpans;
        MaxOutputTokens = maxOutputTokens;
        IsWaitingForMask = LacksFirstMask = Constraint is not null && maxOutputTokens > 0;
    }

    /// <summary>Unique among all sequences.</summary>
    public SequenceId Id { get; }

    /// <summary>The request it belongs to.</summary>
    public GenerationRequest Request { get; }

    /// <summary>Which of the request's sequences, from 0.</summary>
    public int Index { get; }

    /// <summary>Seeds its samples: token i is drawn from (seed, i), whatever runs beside it.</summary>
    public ulong Seed { get; }

    /// <summary>Its own constraint, made at admission; null when there is none. Only the engine's loop and its mask threads call it.</summary>
    public ITokenConstraint? Constraint { get; }

    /// <summary>The tokens that may come next, one bit an id, <c>ceil(V / 32)</c> words; empty allows all. Of the position behind
    /// <see cref="TokenIds"/>, unless <see cref="IsWaitingForMask"/>.</summary>
    public ReadOnlySpan<uint> Mask => _mask;

    /// <summary>Prompt and generated tokens. Valid until the next append.</summary>
    public ReadOnlySpan<int> TokenIds => CollectionsMarshal.AsSpan(_tokenIds);

    /// <summary>Number of all tokens.</summary>
    public int NumTokens => _tokenIds.Count;

    /// <summary>Number of prompt tokens.</summary>
    public int NumPromptTokens => Request.PromptTokenIds.Length;

    /// <summary>Number of sampled tokens.</summary>
    public int NumOutputTokens => NumTokens - NumPromptTokens;

    /// <summary>True while the next token must not be one of <see cref="GenerationRequest.StopTokenIds"/>.</summary>
    public bool SuppressesStopTokens => NumOutputTokens < Request.MinTokens;

    /// <summary>Tokens whose keys and values are in the cache; a step lets it catch up with <see cref="NumTokens"/>.</summary>
    public int NumComputedTokens { get; internal set; }

    /// <summary>Prompt tokens found in the prefix cache at first admission.</summary>
    public int NumCachedTokens { get; internal set; }

    /// <summary>Tokens that it may generate: what was asked for, clamped to what context and memory hold.</summary>
    internal int MaxOutputTokens { get; }

    /// <summary>Tokens still to compute.</summary>
    internal int NumOutstandingTokens => NumTokens - NumComputedTokens;

    /// <summary>Its blocks.</summary>
    internal SequenceKv Kv { get; }

    /// <summary>The prompt's media, in order.</summary>
    internal KeyedSpan[] MediaSpans { get; }

    /// <summary>Leading media that are encoded or were not needed; 0 again after a preemption.</summary>
    internal int NumMediaEncoded { get; set; }

    /// <summary>Where it stands.</summary>
    internal SequenceState State { get; set; }

    /// <summary>True once a step was planned with it, even if it was preempted since.</summary>
    internal bool HasStarted { get; set; }

    /// <summary>Number of the last step that was planned with it.</summary>
    internal long LastStep { get; set; }

    /// <summary>Prompt positions, from 1 on, whose log-probabilities were reported.</summary>
    internal int NumPromptLogprobsReported { get; set; }

    /// <summary>True while its prompt must be computed whole, because every position's logits are asked for.</summary>
    internal bool NeedsPromptLogits =>
        Request.PromptLogprobs && Index == 0 && NumPromptLogprobsReported < NumPromptTokens - 1;

    /// <summary>A running sequence that is computing a prefix of this one; null when there is none worth waiting for.</summary>
    internal Sequence? WaitsFor { get; set; }

    /// <summary>How far <see cref="WaitsFor"/> must have come.</summary>
    internal int WaitsForTokens { get; set; }

    /// <summary>True while its constraint is at work on the last token or on the next mask: no step may sample for it.</summary>
    internal bool IsWaitingForMask { get; set; }

    /// <summary>True until its first mask is begun.</summary>
    internal bool LacksFirstMask { get; set; }

    /// <summary>What the last token meant to its constraint.</summary>
    internal AcceptResult Accepted { get; set; } = AcceptResult.GoesOn;

    /// <summary>What its constraint threw; null as long as it has not.</summary>
    internal Exception? ConstraintFault { get; set; }

    /// <summary>How many of its tokens a step may compute: all but the last while no step may sample, and where media tokens must stay
    /// whole not the item either that the last token belongs to.</summary>
    internal int NumComputableTokens => !IsWaitingForMask ? NumTokens
        : MediaSpans.Length > 0 && MediaSpans[^1].End == NumTokens ? MediaSpans[^1].FirstPosition
        : NumTokens - 1;

    /// <summary>Holds the mask when there is one; made with the first.</summary>
    internal uint[]? MaskBuffer { get; set; }

    internal void Append(int tokenId) => _tokenIds.Add(tokenId);

    /// <summary>Takes the mask of the next position; null allows every token.</summary>
    internal void SetMask(uint[]? mask)
    {
        _mask = mask;
        IsWaitingForMask = false;
    }
}
