using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Gemma4.Engine.KvCache;
using Gemma4.Engine.Requests;

namespace Gemma4.Engine.Scheduling;

/// <summary>One forward pass: which tokens of which sequences, where their keys and values go, which media they meet.</summary>
/// <remarks>The scheduler reuses one plan: what is read from it is valid until the next one is made.</remarks>
public sealed class StepPlan
{
    private readonly List<ScheduledSequence> _sequences = [];
    private readonly List<ScheduledMedia> _media = [];
    private readonly List<AwaitedMedia> _awaited = [];

    /// <summary>An empty plan.</summary>
    public StepPlan()
    {
    }

    /// <summary>A plan of given sequences, for runners that are driven without a scheduler.</summary>
    /// <param name="sequences">In batch order.</param>
    /// <remarks>Names every media item whose span a sequence's tokens reach.</remarks>
    public StepPlan(params ReadOnlySpan<ScheduledSequence> sequences)
    {
        foreach (ScheduledSequence scheduled in sequences)
            Add(scheduled);
    }

    /// <summary>In batch order: interactive sequences that get their next token, then those that read, then sequences of batches alike; each kind eldest first.</summary>
    public ReadOnlySpan<ScheduledSequence> Sequences => CollectionsMarshal.AsSpan(_sequences);

    /// <summary>Media items whose placeholders lie among the tokens of this step, in batch order.</summary>
    public ReadOnlySpan<ScheduledMedia> Media => CollectionsMarshal.AsSpan(_media);

    /// <summary>Media items that sequences wait for, in the order of service: a step works on them for as long as its text can bear.</summary>
    public ReadOnlySpan<AwaitedMedia> Awaited => CollectionsMarshal.AsSpan(_awaited);

    /// <summary>Sum over the sequences, T.</summary>
    public int NumTokens { get; private set; }

    /// <summary>True when there is nothing to do.</summary>
    public bool IsEmpty => _sequences.Count == 0 && _awaited.Count == 0;

    internal void Clear()
    {
        _sequences.Clear();
        _media.Clear();
        _awaited.Clear();
        NumTokens = 0;
    }

    internal void Await(Sequence sequence, int mediaIndex) => _awaited.Add(new AwaitedMedia(sequence, mediaIndex));

    internal void Add(in ScheduledSequence scheduled)
    {
        ImmutableArray<MediaItem> media = scheduled.Sequence.Request.Media;
        int end = scheduled.FirstPosition + scheduled.NumTokens;
        for (int i = 0; i < media.Length; i++)
        {
            MediaItem item = media[i];
            if (item.FirstToken < end && item.FirstToken + item.NumSoftTokens > scheduled.FirstPosition)
                _media.Add(new ScheduledMedia(_sequences.Count, item));
        }
        _sequences.Add(scheduled);
        NumTokens += scheduled.NumTokens;
    }

    /// <summary>Lets a planned sequence verify the drafts it has now.</summary>
    internal void AddDrafts(int index, int numDrafts)
    {
        ref ScheduledSequence scheduled = ref CollectionsMarshal.AsSpan(_sequences)[index];
        scheduled = scheduled with { NumTokens = scheduled.NumTokens + numDrafts, NumDrafts = numDrafts };
        NumTokens += numDrafts;
    }
}

/// <summary>One sequence's share of a step: positions <c>FirstPosition .. FirstPosition + NumTokens - 1</c>.</summary>
/// <param name="Sequence">Tokens, sampling state and media of the sequence; the runner reads, the scheduler writes.</param>
/// <param name="FirstPosition">Tokens computed before this step.</param>
/// <param name="NumTokens">Tokens to compute in this step, drafts included, at least 1: those of <see cref="Sequence.TokenIdsWithDrafts"/> from there on.</param>
/// <param name="BlockTables">By KV group: the block of position p is <c>BlockTables[group][p / BlockSize]</c>.</param>
/// <param name="Samples">True when the last known token's logits give the next token, and those of each right draft one more.</param>
/// <param name="NumDrafts">How many of the tokens, at their end, are guesses that the step verifies; 0 where it does not sample.</param>
public readonly record struct ScheduledSequence(
    Sequence Sequence, int FirstPosition, int NumTokens, ImmutableArray<BlockTable> BlockTables, bool Samples, int NumDrafts = 0)
{
    /// <summary>Tokens that the sequence has already: of its prompt, or sampled before.</summary>
    public int NumKnownTokens => NumTokens - NumDrafts;

    /// <summary>True for a piece of what is known: a prompt, or what is computed again after a preemption. False where a sequence that has caught up
    /// gets its next token, however many drafts it verifies.</summary>
    public bool Reads => NumKnownTokens > 1 || !Samples;
}

/// <summary>A media item that a step needs the soft tokens of.</summary>
/// <param name="SequenceIndex">Which of the plan's sequences.</param>
/// <param name="Item">Its soft tokens were awaited before and are found by <see cref="MediaItem.ContentHash"/>; a runner that has let go of
/// them since encodes it again. Where media attend causally a long item may be spread over several steps, each of which names it.</param>
public readonly record struct ScheduledMedia(int SequenceIndex, MediaItem Item);

/// <summary>A media item that a sequence cannot go on without.</summary>
/// <param name="Sequence">Running or waiting.</param>
/// <param name="MediaIndex">Which of its request's.</param>
public readonly record struct AwaitedMedia(Sequence Sequence, int MediaIndex)
{
    /// <summary>The item.</summary>
    public MediaItem Item => Sequence.Request.Media[MediaIndex];
}
