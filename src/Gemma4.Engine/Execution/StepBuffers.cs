using Gemma4.Engine.Backends;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Scheduling;

namespace Gemma4.Engine.Execution;

/// <summary>A plan as the model reads it, written into memory that is taken once.</summary>
/// <param name="numGroups">KV groups.</param>
/// <param name="blockSize">Positions in a block.</param>
/// <param name="maxTokens">Largest T.</param>
internal sealed class StepBuffers(int numGroups, int blockSize, int maxTokens)
{
    private readonly int[] _tokenIds = new int[maxTokens];
    private readonly StepInputs _inputs = new(numGroups);

    /// <summary>The tokens of the plan that was filled in last.</summary>
    public ReadOnlySpan<int> TokenIds => _tokenIds.AsSpan(0, _inputs.NumTokens);

    /// <summary>Writes a plan.</summary>
    /// <returns>Valid until the next call.</returns>
    public StepInputs Fill(StepPlan plan)
    {
        _inputs.Clear();
        foreach (ref readonly ScheduledSequence scheduled in plan.Sequences)
        {
            SequenceSlice slice = _inputs.Add(scheduled.FirstPosition, scheduled.NumTokens, scheduled.Sequence.Request.Adapter?.Value);
            scheduled.Sequence.TokenIdsWithDrafts.Slice(scheduled.FirstPosition, scheduled.NumTokens).CopyTo(_tokenIds.AsSpan(slice.FirstRow));
            for (int g = 0; g < numGroups; g++)
                _inputs.KvGroups[g].Add(slice, scheduled.BlockTables[g].Ids, blockSize);
        }
        foreach (ScheduledMedia media in plan.Media)
        {
            if (media.Item is MediaItem.Image)
                _inputs.MediaSpans.Add(new MediaSpan(media.SequenceIndex, media.Item.FirstToken, media.Item.NumSoftTokens));
        }
        return _inputs;
    }
}
