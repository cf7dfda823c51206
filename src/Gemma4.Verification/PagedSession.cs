using Gemma4.Engine;
using Gemma4.Engine.Backends;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Models;
using Gemma4.Engine.Models.Text;

namespace Gemma4.Verification;

/// <summary>One sequence run by hand through a paged cache of its own, in shuffled blocks; blocks that a window has left are withdrawn.</summary>
/// <remarks>Shuffling and withdrawing make a model that does not go through its block tables give wrong numbers or fail.</remarks>
internal sealed class PagedSession : IDisposable
{
    private const int BlockSize = 16;
    private readonly Gemma4Model _model;
    private readonly KvPools _pools;
    private readonly StepInputs _inputs;
    private readonly int[][] _blocks;      // by group: the block of each BlockSize positions

    /// <param name="model">The model; borrowed.</param>
    /// <param name="capacity">Most positions that will be computed.</param>
    public PagedSession(Gemma4Model model, int capacity)
    {
        _model = model;
        int numBlocks = (capacity + BlockSize - 1) / BlockSize;
        int groups = model.Config.Text.KvGroups.Length;
        _pools = model.CreateKvPools([.. Enumerable.Repeat(numBlocks, groups)], BlockSize);
        _inputs = new StepInputs(groups);
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
    /// <returns>Hidden states <c>[t, D]</c>; valid until the next step of any session.</returns>
    public Activations Step(
        ReadOnlySpan<int> tokenIds, IReadOnlyList<MediaSpan> spans, SoftTokens? softTokens = null, IForwardObserver? observer = null)
    {
        _inputs.Clear();
        SequenceSlice slice = _inputs.Add(NumTokens, tokenIds.Length);
        _inputs.MediaSpans.AddRange(spans.Where(s => s.FirstPosition >= NumTokens && s.FirstPosition < slice.ContextLength));
        for (int g = 0; g < _blocks.Length; g++)
            _inputs.KvGroups[g].Add(slice, Table(_model.Config.Text.KvGroups[g], _blocks[g], slice), BlockSize);
        Activations hidden = _model.Forward(tokenIds, _inputs, _pools, softTokens, observer);
        NumTokens = slice.ContextLength;
        return hidden;
    }

    /// <inheritdoc/>
    public void Dispose() => _pools.Dispose();

    private static int[] Table(KvGroupConfig group, int[] blocks, SequenceSlice slice)
    {
        int[] table = [.. blocks.Take((slice.ContextLength + BlockSize - 1) / BlockSize)];
        for (int b = 0; group.Window is { } window && (b + 1) * BlockSize <= slice.FirstPosition - window + 1; b++)
            table[b] = -1;
        return table;
    }
}
