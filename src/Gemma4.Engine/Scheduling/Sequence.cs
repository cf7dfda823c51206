using System.Diagnostics;
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
    private readonly List<int> _tokenIds;      // drafts at its end
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
        PenaltyCounts = PenaltyCounts.AreNeeded(request.Sampling) ? new PenaltyCounts(request.Sampling, NumPromptTokens) : null;
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

    /// <summary>Prompt and generated tokens. Valid until the next append.</summary>
    public ReadOnlySpan<int> TokenIds => TokenIdsWithDrafts[..NumTokens];

    /// <summary>The same, and behind them the guesses that this step verifies. Valid as long.</summary>
    public ReadOnlySpan<int> TokenIdsWithDrafts => CollectionsMarshal.AsSpan(_tokenIds);

    /// <summary>The guesses alone.</summary>
    public ReadOnlySpan<int> DraftTokenIds => TokenIdsWithDrafts[NumTokens..];

    /// <summary>Number of all tokens, drafts not among them.</summary>
    public int NumTokens => _tokenIds.Count - NumDrafts;

    /// <summary>Number of guesses that this step verifies; 0 between steps.</summary>
    public int NumDrafts { get; private set; }

    /// <summary>Number of prompt tokens.</summary>
    public int NumPromptTokens => Request.PromptTokenIds.Length;

    /// <summary>Number of sampled tokens.</summary>
    public int NumOutputTokens => NumTokens - NumPromptTokens;


    /// <summary>Tokens whose keys and values are in the cache; a step lets it catch up with <see cref="NumTokens"/>.</summary>
    public int NumComputedTokens { get; internal set; }

    /// <summary>Prompt tokens found in the prefix cache at first admission.</summary>
    public int NumCachedTokens { get; internal set; }

    /// <summary>Tokens that it may generate: what was asked for, clamped to what context and memory hold.</summary>
    internal int MaxOutputTokens { get; }

    /// <summary>Tokens still to compute.</summary>
    internal int NumOutstandingTokens => NumTokens - NumComputedTokens;

    /// <summary>True when it has caught up but for its last token: a step gives it the next one, and more where drafts are right.</summary>
    internal bool AwaitsNextToken => NumOutstandingTokens == 1;

    /// <summary>What its penalties are about; null when it has none. Counted by who samples.</summary>
    internal PenaltyCounts? PenaltyCounts { get; }

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

    /// <summary>Holds the masks behind drafts; made with the first draft of a constrained sequence.</summary>
    internal DraftMasks? DraftMasks { get; set; }

    /// <summary>The tokens that may come behind some drafts, one bit an id, <c>ceil(V / 32)</c> words; empty allows all.</summary>
    /// <param name="numDrafts">How many; 0 is the position behind <see cref="TokenIds"/>, whose mask is there unless the constraint is at work on it.</param>
    public ReadOnlySpan<uint> MaskAfter(int numDrafts) => numDrafts == 0 ? _mask : DraftMasks is { } masks ? masks[numDrafts - 1] : [];

    /// <summary>True while the token behind some drafts must not be one of <see cref="GenerationRequest.StopTokenIds"/>.</summary>
    public bool SuppressesStopTokensAfter(int numDrafts) => NumOutputTokens + numDrafts < Request.MinTokens;

    internal void Append(int tokenId)
    {
        Debug.Assert(NumDrafts == 0, "drafts are dealt with first");
        _tokenIds.Add(tokenId);
    }

    /// <summary>Takes guesses of the next tokens.</summary>
    internal void AddDrafts(ReadOnlySpan<int> tokenIds)
    {
        Debug.Assert(NumDrafts == 0, "drafts are made once a step");
        _tokenIds.AddRange(tokenIds);
        NumDrafts = tokenIds.Length;
    }

    /// <summary>Makes the first drafts known tokens and drops the others.</summary>
    internal void KeepDrafts(int count)
    {
        int numTokens = NumTokens + count;
        CollectionsMarshal.SetCount(_tokenIds, numTokens);
        NumDrafts = 0;
    }

    /// <summary>Takes the mask of the next position; null allows every token.</summary>
    internal void SetMask(uint[]? mask)
    {
        _mask = mask;
        IsWaitingForMask = false;
    }
}
