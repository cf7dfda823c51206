using System.Runtime.InteropServices;
using Gemma4.Engine.Backends;
using Gemma4.Engine.Models;
using Gemma4.Engine.Scheduling;

namespace Gemma4.Engine.Execution;

/// <summary>Executes plans with the real model: forward, sample, and then some work on media. Owns model and KV pools.</summary>
internal sealed class ModelRunner : IModelRunner
{
    /// <summary>Rows whose logits are held in host memory at once: 64 MiB at V = 262,144. Of rows whose best tokens suffice, a device keeps the rest.</summary>
    public const int MaxLogitRows = 64;

    /// <summary>How long a step without text works on media before it looks whether new requests have come.</summary>
    private static readonly TimeSpan TimeWithoutText = TimeSpan.FromMilliseconds(20);

    private readonly Gemma4Model _model;
    private readonly MediaEncoder _media;
    private readonly KvPools _pools;
    private readonly StepBuffers _buffers;
    private readonly RowSampler _sampler;
    private readonly SampledRun[] _runs;
    private readonly TimeProvider _time;
    private readonly double _encoderTimeShare;
    private readonly List<LogitRow> _logitRows = [];
    private readonly int[] _rows;
    private readonly int[] _numBest;
    private EncoderProgress[] _awaited = [];

    /// <param name="model">Owned from here on.</param>
    /// <param name="numBlocks">Blocks of each KV group's pool.</param>
    /// <param name="blockSize">Positions in a block.</param>
    /// <param name="maxTokens">Largest T of a plan.</param>
    /// <param name="maxSequences">Largest B of a plan.</param>
    /// <param name="encoder">How media are encoded.</param>
    /// <param name="time">Measures how long the text of a step took.</param>
    public ModelRunner(
        Gemma4Model model, IReadOnlyList<int> numBlocks, int blockSize, int maxTokens, int maxSequences, EncoderLimits encoder, TimeProvider time)
    {
        _model = model;
        _time = time;
        _encoderTimeShare = encoder.TimeShare;
        _media = new MediaEncoder(model, encoder.CacheBytes, encoder.MaxTokensPerPass, time);
        _pools = model.CreateKvPools(numBlocks, blockSize);
        _buffers = new StepBuffers(numBlocks.Count, blockSize, maxTokens);
        _sampler = new RowSampler(model.Backend, model.Config.Text.VocabSize, maxTokens);
        _runs = new SampledRun[maxSequences];
        _rows = new int[maxTokens];
        _numBest = new int[maxTokens];
    }

    /// <inheritdoc/>
    public StepResult Execute(StepPlan plan)
    {
        long started = _time.GetTimestamp();
        ComputeText(plan);
        TimeSpan textTime = _time.GetElapsedTime(started);
        Memory<EncoderProgress> awaited = WorkOnMedia(plan.Awaited, plan.NumTokens == 0 ? TimeWithoutText : _encoderTimeShare * textTime);
        return new StepResult(_runs.AsMemory(0, plan.Sequences.Length), awaited, textTime);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _media.Dispose();
        _pools.Dispose();
        _model.Dispose();
    }

    private void ComputeText(StepPlan plan)
    {
        ReadOnlySpan<ScheduledSequence> sequences = plan.Sequences;
        _runs.AsSpan(0, sequences.Length).Clear();
        if (sequences.Length == 0)
            return;
        StepInputs inputs = _buffers.Fill(plan);
        Activations hidden = _model.Forward(_buffers.TokenIds, inputs, _pools, _media.SoftTokensOf(plan));   // [T, D]
        _logitRows.Clear();
        LogitRow.Collect(sequences, _logitRows);
        ReadOnlySpan<LogitRow> rows = CollectionsMarshal.AsSpan(_logitRows);
        if (rows.Length == 0)
            _model.Backend.WaitForDevice();      // as logits would; else time would tell how fast work is handed over, not how fast it is done
        for (int first = 0; first < rows.Length;)
            first += Read(rows[first..], plan, hidden);
    }

    /// <summary>Computes the logits of the first rows, as many as are held at once, and uses them.</summary>
    /// <returns>How many.</returns>
    private int Read(ReadOnlySpan<LogitRow> rows, StepPlan plan, Activations hidden)
    {
        int count = 0;
        for (int numHeld = 0; count < rows.Length && numHeld < MaxLogitRows; count++)
        {
            _rows[count] = rows[count].Row;
            _numBest[count] = _model.Backend.SelectsBest ? RowSampler.NumBestNeeded(rows[count], plan.Sequences[rows[count].SequenceIndex].Sequence) : 0;
            if (_numBest[count] == 0)
                numHeld++;
        }
        Logits logits = _model.Logits(hidden, _rows.AsSpan(0, count), _numBest.AsSpan(0, count));            // [R, V], or the best of a row
        _sampler.Run(logits, rows[..count], plan, _runs);
        return count;
    }

    private Memory<EncoderProgress> WorkOnMedia(ReadOnlySpan<AwaitedMedia> awaited, TimeSpan budget)
    {
        if (_awaited.Length < awaited.Length)
            _awaited = new EncoderProgress[awaited.Length];
        Memory<EncoderProgress> progress = _awaited.AsMemory(0, awaited.Length);
        _media.Work(awaited, budget, progress.Span);
        return progress;
    }
}
