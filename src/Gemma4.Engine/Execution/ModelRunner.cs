using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Gemma4.Engine.Layers;
using Gemma4.Engine.Models;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Sampling;
using Gemma4.Engine.Scheduling;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Execution;

/// <summary>Executes plans with the real model: tokens to tensors, forward, sample, and then some work on media. Owns model and KV storage.</summary>
/// <remarks>One dispose scope a step. Logits come down in one copy: to wait for the device happens in this room and nowhere else.</remarks>
internal sealed class ModelRunner : IModelRunner
{
    /// <summary>Rows whose logits are held at once: 64 MiB at V = 262,144.</summary>
    private const int MaxLogitRows = 64;

    /// <summary>How long a step without text works on media before it looks whether new requests have come.</summary>
    private static readonly TimeSpan TimeWithoutText = TimeSpan.FromMilliseconds(20);

    private readonly Gemma4Model _model;
    private readonly MediaEncoder _media;
    private readonly KvStorage _kv;
    private readonly StepBuffers _buffers;
    private readonly Sampler _sampler;
    private readonly SampledToken[] _samples;
    private readonly TimeProvider _time;
    private readonly double _encoderTimeShare;
    private readonly List<LogitRow> _logitRows = [];
    private EncoderProgress[] _awaited = [];
    private IDisposable? _inferenceMode;

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
        _kv = model.CreateKvStorage(numBlocks, blockSize);
        _buffers = new StepBuffers(numBlocks.Count, blockSize, maxTokens, maxSequences, model.Device);
        _sampler = new Sampler(model.Config.Text.VocabSize);
        _samples = new SampledToken[maxSequences];
    }

    /// <inheritdoc/>
    public StepResult Execute(StepPlan plan)
    {
        // The guard is thread-local, so it is taken on the thread that executes.
        _inferenceMode ??= inference_mode();
        long started = _time.GetTimestamp();
        ComputeText(plan);
        TimeSpan textTime = _time.GetElapsedTime(started);
        Memory<EncoderProgress> awaited = WorkOnMedia(plan.Awaited, plan.NumTokens == 0 ? TimeWithoutText : _encoderTimeShare * textTime);
        return new StepResult(_samples.AsMemory(0, plan.Sequences.Length), awaited, textTime);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _buffers.Dispose();
        _media.Dispose();
        _kv.Dispose();
        _model.Dispose();
        _inferenceMode?.Dispose();
    }

    private void ComputeText(StepPlan plan)
    {
        using DisposeScope scope = NewDisposeScope();
        ReadOnlySpan<ScheduledSequence> sequences = plan.Sequences;
        _samples.AsSpan(0, sequences.Length).Clear();
        if (sequences.Length == 0)
            return;
        StepInputs inputs = _buffers.Fill(plan);
        Tensor hidden = _model.Forward(_buffers.TokenIds[..plan.NumTokens], inputs, _kv, _media.SoftTokensOf(plan));   // [T, D]
        _logitRows.Clear();
        LogitRow.Collect(sequences, _logitRows);
        ReadOnlySpan<LogitRow> rows = CollectionsMarshal.AsSpan(_logitRows);
        for (int first = 0; first < rows.Length; first += MaxLogitRows)
            Read(rows[first..Math.Min(first + MaxLogitRows, rows.Length)], sequences, hidden);
    }

    private Memory<EncoderProgress> WorkOnMedia(ReadOnlySpan<AwaitedMedia> awaited, TimeSpan budget)
    {
        if (_awaited.Length < awaited.Length)
            _awaited = new EncoderProgress[awaited.Length];
        Memory<EncoderProgress> progress = _awaited.AsMemory(0, awaited.Length);
        _media.Work(awaited, budget, progress.Span);
        return progress;
    }

    /// <summary>Brings the logits of some rows down in one copy and uses them.</summary>
    private void Read(ReadOnlySpan<LogitRow> rows, ReadOnlySpan<ScheduledSequence> sequences, Tensor hidden)
    {
        long[] indices = new long[rows.Length];
        for (int i = 0; i < rows.Length; i++)
            indices[i] = rows[i].Row;
        using DisposeScope scope = NewDisposeScope();
        Tensor chosen = hidden.index_select(0, tensor(indices, device: _model.Device));                     // [R, D]
        Tensor logits = _model.Logits(chosen).cpu().contiguous();                                           // [R, V]
        ReadOnlySpan<float> all = MemoryMarshal.Cast<byte, float>(logits.bytes);
        int vocabulary = (int)logits.shape[1];
        for (int i = 0; i < rows.Length; i++)
        {
            ref SampledToken sample = ref _samples[rows[i].SequenceIndex];
            Sequence sequence = sequences[rows[i].SequenceIndex].Sequence;
            ReadOnlySpan<float> row = all.Slice(i * vocabulary, vocabulary);
            if (rows[i].ReportsPrompt)
                sample = sample with { PromptLogprobs = Append(sample.PromptLogprobs, row, sequence, rows[i].Position + 1) };
            if (rows[i].Samples)
                sample = TrySample(row, sequence) with { PromptLogprobs = sample.PromptLogprobs };
        }
        GC.KeepAlive(logits);   // the span does not
    }

    /// <summary>What fails here, as when no token may be chosen, concerns one sequence: it is reported with that one and spares the others.</summary>
    private SampledToken TrySample(ReadOnlySpan<float> logits, Sequence sequence)
    {
        try
        {
            return Sample(logits, sequence);
        }
        catch (Exception e)
        {
            return new SampledToken(TokenId: -1, Fault: e);
        }
    }

    private SampledToken Sample(ReadOnlySpan<float> logits, Sequence sequence)
    {
        GenerationRequest request = sequence.Request;
        var inputs = new SamplingInputs
        {
            Params = request.Sampling,
            TokenIds = sequence.TokenIds,
            NumPromptTokens = sequence.NumPromptTokens,
            Seed = sequence.Seed,
            Mask = sequence.Mask,
            ForbiddenTokenIds = sequence.SuppressesStopTokens ? request.StopTokenIds.AsSpan() : [],
        };
        int token = _sampler.Sample(logits, inputs, out TokenLogprobs? logprobs);
        return new SampledToken(token, logprobs);
    }

    private ImmutableArray<TokenLogprobs> Append(
        ImmutableArray<TokenLogprobs> read, ReadOnlySpan<float> logits, Sequence sequence, int position) =>
        (read.IsDefault ? [] : read).Add(
            _sampler.ReadLogprobs(logits, sequence.TokenIds[position], sequence.Request.Sampling.NumLogprobs ?? 0));
}
