using TorchSharp;

namespace Gemma4.Engine.Layers;

/// <summary>What every layer needs to know of one step: T tokens of B sequences laid end to end.</summary>
/// <param name="Positions">Position of each token in its sequence, <c>[T]</c> int64 on the device; owned by the runner.</param>
/// <param name="Sequences">One entry a sequence, in batch order; rows follow each other without gaps.</param>
/// <param name="KvGroups">One entry a KV group, as the cache's specification orders them.</param>
/// <param name="MediaSpans">Media tokens of this step that attend to each other both ways, where the model does so.</param>
public sealed record StepInputs(
    torch.Tensor Positions,
    ReadOnlyMemory<SequenceSlice> Sequences,
    IReadOnlyList<KvGroupInputs> KvGroups,
    ReadOnlyMemory<MediaSpan> MediaSpans);

/// <summary>One sequence's rows of the step.</summary>
/// <param name="FirstRow">Row of its first token among the T.</param>
/// <param name="NumTokens">Tokens computed now.</param>
/// <param name="FirstPosition">Tokens computed before.</param>
public readonly record struct SequenceSlice(int FirstRow, int NumTokens, int FirstPosition)
{
    /// <summary>Positions that exist once this step has written its own, S.</summary>
    public int ContextLength => FirstPosition + NumTokens;
}

/// <summary>Soft tokens of one picture inside one sequence, as positions; never split over steps where they matter.</summary>
/// <param name="SequenceIndex">Which sequence of the step.</param>
/// <param name="FirstPosition">Position of the first soft token.</param>
/// <param name="NumTokens">Soft tokens, M.</param>
public readonly record struct MediaSpan(int SequenceIndex, int FirstPosition, int NumTokens);

/// <summary>Where one KV group's layers write and read.</summary>
/// <param name="SlotMapping">Slot of each of the T tokens: <c>block * BlockSize + offset</c>; host memory.</param>
/// <param name="BlockTables">One a sequence: <c>BlockTables[b][p / BlockSize]</c> holds position p; -1 where the window has passed.</param>
public sealed record KvGroupInputs(ReadOnlyMemory<int> SlotMapping, IReadOnlyList<ReadOnlyMemory<int>> BlockTables);
