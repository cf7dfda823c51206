using System.Diagnostics;
using System.Globalization;
using Gemma4.Engine.Backends;
using Gemma4.Engine.Models;

namespace Gemma4.Benchmarks;

/// <summary>Times whole steps of a model: a prompt, then decoding alone and several at once. No scheduler, no sampling.</summary>
/// <param name="model">The model; borrowed.</param>
/// <param name="weightBytes">Bytes of the weights a decoding step reads, for its share of the memory's bandwidth.</param>
internal sealed class StepBenchmark(Gemma4Model model, long weightBytes) : IDisposable
{
    private const int BlockSize = 16;
    private const int MaxSequences = 16;
    private const int BlocksPerSequence = 48;

    private readonly KvPools _pools = model.CreateKvPools(
        [.. model.Config.Text.KvGroups.Select(_ => MaxSequences * BlocksPerSequence)], BlockSize);
    private readonly StepInputs _inputs = new(model.Config.Text.KvGroups.Length);

    /// <summary>Prints a line: tokens a step, milliseconds a step (the best of some), tokens/s and GB/s of weights.</summary>
    public void Run(TextWriter output, string what, int sequences, int tokensEach, int position, int repeats)
    {
        double best = double.MaxValue;
        for (int i = 0; i <= repeats; i++)
        {
            long start = Stopwatch.GetTimestamp();
            Step(sequences, tokensEach, position);
            if (i > 0)
                best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        int tokens = sequences * tokensEach;
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{what,-24} {tokens,5} tokens {best * 1e3,10:0.0} ms {tokens / best,10:0.0} tokens/s {weightBytes / best / 1e9,8:0.0} GB/s of weights"));
    }

    public void Dispose() => _pools.Dispose();

    /// <summary>Computes tokens of several sequences and the logits of each one's last.</summary>
    private void Step(int sequences, int tokensEach, int position)
    {
        _inputs.Clear();
        var ids = new int[sequences * tokensEach];
        var last = new int[sequences];
        for (int s = 0; s < sequences; s++)
        {
            SequenceSlice slice = _inputs.Add(position, tokensEach);
            int[] table = [.. Enumerable.Range(s * BlocksPerSequence, BlocksPerSequence)];
            foreach (KvGroupInputs group in _inputs.KvGroups)
                group.Add(slice, table, BlockSize);
            for (int row = slice.FirstRow; row < slice.FirstRow + tokensEach; row++)
                ids[row] = 1000 + row * 37 % 1000;
            last[s] = slice.FirstRow + tokensEach - 1;
        }
        _ = model.Logits(model.Forward(ids, _inputs, _pools), last)[0];
    }
}
