using System.Collections.Immutable;
using Gemma4.Engine.Backends;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Sampling;
using Gemma4.Engine.Scheduling;

namespace Gemma4.Engine.Execution;

/// <summary>Samples the rows of a step, shared out over the backend's threads.</summary>
/// <param name="backend">Whose threads.</param>
/// <param name="vocabularySize">V.</param>
internal sealed class RowSampler(Backend backend, int vocabularySize) : IParts
{
    private readonly Sampler?[] _samplers = new Sampler?[backend.NumWorkers];      // a worker's, made when it first samples
    private readonly List<LogitRow> _rows = [];
    private readonly List<int> _firsts = [];      // where a sequence's rows begin
    private Logits _logits = null!;
    private StepPlan _plan = null!;
    private SampledToken[] _samples = [];

    /// <summary>Samples.</summary>
    /// <param name="logits">One entry a row.</param>
    /// <param name="rows">Whose logits they are; rows of one sequence follow each other.</param>
    /// <param name="plan">The step.</param>
    /// <param name="samples">Receives what the rows give, by sequence of the plan; prompt log-probabilities are added to those there are.</param>
    public void Run(Logits logits, ReadOnlySpan<LogitRow> rows, StepPlan plan, SampledToken[] samples)
    {
        (_logits, _plan, _samples) = (logits, plan, samples);
        _rows.Clear();
        _firsts.Clear();
        for (int i = 0; i < rows.Length; i++)
        {
            if (i == 0 || rows[i].SequenceIndex != rows[i - 1].SequenceIndex)
                _firsts.Add(i);
            _rows.Add(rows[i]);
        }
        backend.ShareOut(_firsts.Count, this);
    }

    /// <summary>A part is a sequence.</summary>
    void IParts.Run(int part, int worker)
    {
        Sampler sampler = _samplers[worker] ??= new Sampler(vocabularySize);
        int end = part + 1 < _firsts.Count ? _firsts[part + 1] : _rows.Count;
        for (int i = _firsts[part]; i < end; i++)
        {
            LogitRow row = _rows[i];
            ref SampledToken sample = ref _samples[row.SequenceIndex];
            Sequence sequence = _plan.Sequences[row.SequenceIndex].Sequence;
            if (row.ReportsPrompt)
                sample = sample with { PromptLogprobs = Append(sampler, sample.PromptLogprobs, _logits[i], sequence, row.Position + 1) };
            if (row.Samples)
                sample = TrySample(sampler, _logits[i], sequence) with { PromptLogprobs = sample.PromptLogprobs };
        }
    }

    /// <summary>What fails here, as when no token may be chosen, concerns one sequence: it is reported with that one and spares the others.</summary>
    private static SampledToken TrySample(Sampler sampler, ReadOnlySpan<float> logits, Sequence sequence)
    {
        try
        {
            return Sample(sampler, logits, sequence);
        }
        catch (Exception e)
        {
            return new SampledToken(TokenId: -1, Fault: e);
        }
    }

    private static SampledToken Sample(Sampler sampler, ReadOnlySpan<float> logits, Sequence sequence)
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
        int token = sampler.Sample(logits, inputs, out TokenLogprobs? logprobs);
        return new SampledToken(token, logprobs);
    }

    private static ImmutableArray<TokenLogprobs> Append(
        Sampler sampler, ImmutableArray<TokenLogprobs> read, ReadOnlySpan<float> logits, Sequence sequence, int position) =>
        (read.IsDefault ? [] : read).Add(
            sampler.ReadLogprobs(logits, sequence.TokenIds[position], sequence.Request.Sampling.NumLogprobs ?? 0));
}
