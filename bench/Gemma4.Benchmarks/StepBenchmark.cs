using System.Diagnostics;
using System.Globalization;
using Gemma4.Engine.Backends;
using Gemma4.Engine.Models;

namespace Gemma4.Benchmarks;

/// <summary>Times whole steps of a model: a prompt, then decoding alone and several at once. No scheduler, no sampling.</summary>
/// <param name="model">The model; borrowed.</param>
/// <param name="weightBytes">Bytes of the weights that decoding one token reads, for its share of the memory's bandwidth.</param>
internal sealed class StepBenchmark(Gemma4Model model, long weightBytes) : IDisposable
{
    private const int BlockSize = 16;
    private const int MaxSequences = 16;
    private const int BlocksPerSequence = 48;

    private readonly KvPools _pools = model.CreateKvPools(
        [.. model.Config.Text.KvGroups.Select(_ => MaxSequences * BlocksPerSequence)], BlockSize);
    private readonly StepInputs _inputs = new(model.Config.Text.KvGroups.Length);

    /// <summary>Prints a line: tokens a step, milliseconds a step (the median of some), tokens/s and, of one token, GB/s of weights.</summary>
    public void Run(TextWriter output, string what, int sequences, int tokensEach, int position, int repeats)
    {
        Step(sequences, tokensEach, position, seed: 0);
        var seconds = new double[repeats];
        for (int i = 0; i < repeats; i++)
        {
            long start = Stopwatch.GetTimestamp();
            Step(sequences, tokensEach, position, seed: i + 1);
            seconds[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
        Array.Sort(seconds);
        double median = seconds[repeats / 2];
        int tokens = sequences * tokensEach;
        string rate = tokens == 1 ? string.Create(CultureInfo.InvariantCulture, $" {weightBytes / median / 1e9,8:0.0} GB/s of weights") : "";
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{what,-24} {tokens,5} tokens {median * 1e3,10:0.0} ms {tokens / median,10:0.0} tokens/s{rate}"));
    }

    public void Dispose() => _pools.Dispose();

    /// <summary>Computes tokens of several sequences and the logits of each one's last.</summary>
    private void Step(int sequences, int tokensEach, int position, int seed)
    {
        var random = new Random(seed);      // other tokens in every step: they choose other experts
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
                ids[row] = random.Next(1000, 2000);
            last[s] = slice.FirstRow + tokensEach - 1;
        }
        _ = model.Logits(model.Forward(ids, _inputs, _pools), last)[0];
    }
}
