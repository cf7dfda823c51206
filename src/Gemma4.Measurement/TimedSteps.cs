using System.Diagnostics;
using Gemma4.Engine.Backends;
using Gemma4.Engine.Models;

namespace Gemma4.Measurement;

/// <summary>Times whole steps of a model: a prompt, then decoding alone and several at once. No scheduler, no sampling.</summary>
/// <param name="model">The model; borrowed.</param>
internal sealed class TimedSteps(Gemma4Model model) : IDisposable
{
    private const int BlockSize = 16;
    private const int MaxSequences = 16;
    private const int BlocksPerSequence = 48;

    /// <summary>Steps before the first that is timed: the runtime compiles what runs often once more, with what it has learnt.</summary>
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(0.5);

    private readonly KvPools _pools = model.CreateKvPools(
        [.. model.Config.Text.KvGroups.Select(_ => MaxSequences * BlocksPerSequence)], BlockSize);
    private readonly StepInputs _inputs = new(model.Config.Text.KvGroups.Length);

    /// <summary>Times steps of one shape.</summary>
    /// <param name="sequences">Sequences of a step, at most 16.</param>
    /// <param name="tokensEach">Tokens that each computes.</param>
    /// <param name="position">Position of the first of them; with them at most 768.</param>
    /// <param name="repeats">Steps that are timed.</param>
    /// <param name="cancellationToken">Gives up, between two steps.</param>
    /// <returns>The median.</returns>
    public StepTime Run(int sequences, int tokensEach, int position, int repeats, CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        do
            Step(sequences, tokensEach, position, seed: 0);
        while (Stopwatch.GetElapsedTime(began) < WarmUp);
        var times = new TimeSpan[repeats];
        for (int i = 0; i < repeats; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            long start = Stopwatch.GetTimestamp();
            Step(sequences, tokensEach, position, seed: i + 1);
            times[i] = Stopwatch.GetElapsedTime(start);
        }
        Array.Sort(times);
        return new StepTime(sequences * tokensEach, times[repeats / 2]);
    }

    /// <inheritdoc/>
    public void Dispose() => _pools.Dispose();

    /// <summary>Computes tokens of several sequences and the logits of each one's last.</summary>
    private void Step(int sequences, int tokensEach, int position, int seed)
    {
        var random = new Random(seed);      // other tokens in every step: they choose other experts
        int vocabulary = model.Config.Text.VocabSize, firstToken = Math.Min(1000, vocabulary / 2);
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
                ids[row] = random.Next(firstToken, Math.Min(2 * firstToken, vocabulary));
            last[s] = slice.FirstRow + tokensEach - 1;
        }
        _ = model.Logits(model.Forward(ids, _inputs, _pools), last)[0];
    }
}

/// <summary>What a step takes.</summary>
/// <param name="NumTokens">Its tokens.</param>
/// <param name="Time">How long it takes.</param>
public readonly record struct StepTime(int NumTokens, TimeSpan Time)
{
    /// <summary>Tokens that are computed in a second.</summary>
    public double TokensPerSecond => NumTokens / Time.TotalSeconds;
}
