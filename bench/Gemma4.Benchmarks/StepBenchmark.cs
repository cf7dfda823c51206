using System.Diagnostics;
using System.Globalization;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Layers;
using Gemma4.Engine.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Benchmarks;

/// <summary>Times whole steps of a model: a prompt, then decoding alone and several at once. No scheduler, no sampling.</summary>
/// <param name="model">The model; borrowed.</param>
/// <param name="weightBytes">Bytes of the weights a decoding step reads, for its share of the memory's bandwidth.</param>
internal sealed class StepBenchmark(Gemma4Model model, long weightBytes) : IDisposable
{
    private const int BlockSize = 16;
    private const int MaxSequences = 16;
    private const int BlocksPerSequence = 48;

    private readonly KvStorage _kv = model.CreateKvStorage(
        [.. model.Config.Text.KvGroups.Select(_ => MaxSequences * BlocksPerSequence)], BlockSize);

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

    public void Dispose() => _kv.Dispose();

    /// <summary>Computes tokens of several sequences and the logits of each one's last.</summary>
    private void Step(int sequences, int tokensEach, int position)
    {
        using DisposeScope scope = NewDisposeScope();
        int total = sequences * tokensEach;
        var ids = new int[total];
        var positions = new long[total];
        var slots = new int[total];
        var slices = new SequenceSlice[sequences];
        var tables = new ReadOnlyMemory<int>[sequences];
        for (int s = 0; s < sequences; s++)
        {
            slices[s] = new SequenceSlice(s * tokensEach, tokensEach, position);
            tables[s] = Enumerable.Range(s * BlocksPerSequence, BlocksPerSequence).ToArray();
            for (int t = 0; t < tokensEach; t++)
            {
                int row = s * tokensEach + t, p = position + t;
                (ids[row], positions[row]) = (1000 + row * 37 % 1000, p);
                slots[row] = (s * BlocksPerSequence + p / BlockSize) * BlockSize + p % BlockSize;
            }
        }
        KvGroupInputs[] groups = [.. model.Config.Text.KvGroups.Select(_ => new KvGroupInputs(slots, tables))];
        Tensor hidden = model.Forward(ids, new StepInputs(tensor(positions, device: model.Device), slices, groups, Array.Empty<MediaSpan>()), _kv);
        long[] last = [.. slices.Select(s => (long)s.FirstRow + tokensEach - 1)];
        _ = model.Logits(hidden.index_select(0, tensor(last, device: model.Device))).cpu();
    }
}
