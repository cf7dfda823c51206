using System.Diagnostics;
using Gemma4.Engine.Backends;
using Gemma4.Engine.Models;

namespace Gemma4.GpuCheck;

/// <summary>Steps of some sequences with a cache of their own, logits included, timed from the host.</summary>
/// <param name="model">The model; borrowed.</param>
/// <param name="maxSequences">Sequences that there is room for.</param>
/// <param name="blocksPerSequence">Blocks of each.</param>
/// <param name="blockSize">Positions in a block.</param>
internal sealed class TimedSteps(Gemma4Model model, int maxSequences, int blocksPerSequence, int blockSize) : IDisposable
{
    /// <summary>Steps are repeated for so long, after one that is not counted.</summary>
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(2);

    private readonly StepInputs _inputs = new(model.Config.Text.KvGroups.Length);
    private readonly KvPools _pools = model.CreateKvPools([.. model.Config.Text.KvGroups.Select(_ => maxSequences * blocksPerSequence)], blockSize);

    /// <summary>Seconds of the fastest step of this form.</summary>
    public double Best(int sequences, int tokensEach, int position)
    {
        Logits(sequences, tokensEach, position);
        double best = double.MaxValue;
        long started = Stopwatch.GetTimestamp();
        do
        {
            long step = Stopwatch.GetTimestamp();
            Logits(sequences, tokensEach, position);
            best = Math.Min(best, Stopwatch.GetElapsedTime(step).TotalSeconds);
        }
        while (Stopwatch.GetElapsedTime(started) < Duration);
        return best;
    }

    /// <summary>Computes tokens of several sequences.</summary>
    /// <returns>The logits behind the last token of the first sequence, <c>[V]</c>.</returns>
    public float[] Logits(int sequences, int tokensEach, int position)
    {
        _inputs.Clear();
        var ids = new int[sequences * tokensEach];
        var last = new int[sequences];
        for (int s = 0; s < sequences; s++)
        {
            SequenceSlice slice = _inputs.Add(position, tokensEach);
            int[] table = [.. Enumerable.Range(s * blocksPerSequence, blocksPerSequence)];
            foreach (KvGroupInputs group in _inputs.KvGroups)
                group.Add(slice, table, blockSize);
            for (int i = 0; i < tokensEach; i++)
                ids[slice.FirstRow + i] = 1000 + (position + i) * 37 % 1000;
            last[s] = slice.FirstRow + tokensEach - 1;
        }
        return model.Logits(model.Forward(ids, _inputs, _pools), last)[0].ToArray();
    }

    public void Dispose() => _pools.Dispose();
}
