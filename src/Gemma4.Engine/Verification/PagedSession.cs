using Gemma4.Engine.Configuration;
using Gemma4.Engine.Layers;
using Gemma4.Engine.Models;
using Gemma4.Engine.Models.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Verification;

/// <summary>One sequence run by hand through a paged cache of its own, in shuffled blocks; blocks that a window has left are withdrawn.</summary>
/// <remarks>Shuffling and withdrawing make a model that does not go through its block tables give wrong numbers or fail.</remarks>
internal sealed class PagedSession : IDisposable
{
    private const int BlockSize = 16;
    private readonly Gemma4Model _model;
    private readonly KvStorage _kv;
    private readonly int[][] _blocks;      // by group: the block of each BlockSize positions

    /// <param name="model">The model; borrowed.</param>
    /// <param name="capacity">Most positions that will be computed.</param>
    public PagedSession(Gemma4Model model, int capacity)
    {
        _model = model;
        int numBlocks = (capacity + BlockSize - 1) / BlockSize;
        int groups = model.Config.Text.KvGroups.Length;
        _kv = model.CreateKvStorage([.. Enumerable.Repeat(numBlocks, groups)], BlockSize);
        _blocks = new int[groups][];
        var random = new Random(1);
        for (int g = 0; g < groups; g++)
        {
            _blocks[g] = [.. Enumerable.Range(0, numBlocks)];
            random.Shuffle(_blocks[g]);
        }
    }

    /// <summary>Positions computed so far.</summary>
    public int NumTokens { get; private set; }

    /// <summary>Computes the next tokens.</summary>
    /// <param name="tokenIds">Tokens at the next positions.</param>
    /// <param name="spans">Media spans of the whole prompt; those of this step are picked out.</param>
    /// <param name="softTokens">Encoder output for this step's placeholders; null where there is none.</param>
    /// <param name="observer">Sees intermediate results.</param>
    /// <returns>Hidden states <c>[t, D]</c>; the caller owns them.</returns>
    public Tensor Step(
        ReadOnlySpan<int> tokenIds, IReadOnlyList<MediaSpan> spans, SoftTokens? softTokens = null, IForwardObserver? observer = null)
    {
        var slice = new SequenceSlice(0, tokenIds.Length, NumTokens);
        using Tensor positions = Arithmetic.Range(NumTokens, slice.ContextLength, _model.Device);
        MediaSpan[] own = [.. spans.Where(s => s.FirstPosition >= NumTokens && s.FirstPosition < slice.ContextLength)];
        KvGroupInputs[] groups = [.. _model.Config.Text.KvGroups.Select((g, i) => Inputs(g, _blocks[i], slice))];
        Tensor hidden = _model.Forward(tokenIds, new StepInputs(positions, new[] { slice }, groups, own), _kv, softTokens, observer);
        NumTokens = slice.ContextLength;
        return hidden;
    }

    public void Dispose() => _kv.Dispose();

    private static KvGroupInputs Inputs(KvGroupConfig group, int[] blocks, SequenceSlice slice)
    {
        int[] table = [.. blocks.Take((slice.ContextLength + BlockSize - 1) / BlockSize)];
        for (int b = 0; group.Window is { } window && (b + 1) * BlockSize <= slice.FirstPosition - window + 1; b++)
            table[b] = -1;
        var slots = new int[slice.NumTokens];
        for (int i = 0; i < slots.Length; i++)
        {
            int position = slice.FirstPosition + i;
            slots[i] = blocks[position / BlockSize] * BlockSize + position % BlockSize;
        }
        return new KvGroupInputs(slots, [table]);
    }
}
