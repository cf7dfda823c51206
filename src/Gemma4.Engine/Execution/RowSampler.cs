using System.Collections.Immutable;
using Gemma4.Engine.Backends;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Sampling;
using Gemma4.Engine.Scheduling;

namespace Gemma4.Engine.Execution;

/// <summary>Samples the rows of a step, shared out over the backend's threads.</summary>
/// <param name="backend">Whose threads.</param>
/// <param name="vocabularySize">V.</param>
/// <param name="maxTokens">Largest T of a step.</param>
internal sealed class RowSampler(Backend backend, int vocabularySize, int maxTokens) : IParts
{
    private readonly Sampler?[] _samplers = new Sampler?[backend.NumWorkers];      // a worker's, made when it first samples
    private readonly SampledToken[] _tokens = new SampledToken[maxTokens];      // by row of the step, so that those of a run follow each other
    private readonly List<LogitRow> _rows = [];
    private readonly List<int> _firsts = [];      // where a sequence's rows begin
    private Logits _logits = null!;
    private StepPlan _plan = null!;
    private SampledRun[] _runs = [];

    /// <summary>Of how many best tokens the logits of a row suffice; 0 where all are needed.</summary>
    public static int NumBestNeeded(in LogitRow row, Sequence sequence) =>
        row.ReportsPrompt || sequence.Constraint is not null || sequence.SuppressesStopTokensAfter(row.Position + 1 - sequence.NumTokens)
            ? 0
            : Sampler.NumBestNeeded(sequence.Request.Sampling);

    /// <summary>Samples.</summary>
    /// <param name="logits">One entry a row; its best alone where those suffice.</param>
    /// <param name="rows">Whose logits they are; rows of one sequence follow each other.</param>
    /// <param name="plan">The step.</param>
    /// <param name="runs">Receives what the rows give, by sequence of the plan; what the rows before them gave is added to.</param>
    public void Run(Logits logits, ReadOnlySpan<LogitRow> rows, StepPlan plan, SampledRun[] runs)
    {
        (_logits, _plan, _runs) = (logits, plan, runs);
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
            ref SampledRun run = ref _runs[row.SequenceIndex];
            Sequence sequence = _plan.Sequences[row.SequenceIndex].Sequence;
            if (row.ReportsPrompt)
                run = run with { PromptLogprobs = Append(sampler, run.PromptLogprobs, _logits[i], sequence, row.Position + 1) };
            int numDrafts = row.Position + 1 - sequence.NumTokens;
            if (row.Samples && IsReached(in run, sequence, numDrafts))
                Extend(ref run, sampler, i, sequence, row.Row, numDrafts);
        }
    }

    /// <summary>Whether the run has come to a row: it has confirmed all drafts before it.</summary>
    private static bool IsReached(in SampledRun run, Sequence sequence, int numDrafts) =>
        run.Fault is null && run.Tokens.Length == numDrafts && (numDrafts == 0 || run.Tokens.Span[^1].TokenId == sequence.DraftTokenIds[numDrafts - 1]);

    /// <summary>What fails here, as when no token may be chosen, concerns one sequence: it is reported with that one and spares the others.</summary>
    private void Extend(ref SampledRun run, Sampler sampler, int logitRow, Sequence sequence, int row, int numDrafts)
    {
        try
        {
            _tokens[row] = Sample(sampler, logitRow, sequence, numDrafts);
            run = run with { Tokens = _tokens.AsMemory(row - numDrafts, numDrafts + 1) };
        }
        catch (Exception e)
        {
            run = run with { Fault = e };
        }
    }

    /// <summary>Samples as if the drafts before the position were known tokens: all of it depends on the position, nothing on the step.</summary>
    private SampledToken Sample(Sampler sampler, int logitRow, Sequence sequence, int numDrafts)
    {
        GenerationRequest request = sequence.Request;
        ReadOnlySpan<int> tokenIds = sequence.TokenIdsWithDrafts[..(sequence.NumTokens + numDrafts)];
        sequence.PenaltyCounts?.CountTo(tokenIds);
        var inputs = new SamplingInputs
        {
            Params = request.Sampling,
            TokenIds = tokenIds,
            NumPromptTokens = sequence.NumPromptTokens,
            Seed = sequence.Seed,
            Counts = sequence.PenaltyCounts,
            Mask = sequence.MaskAfter(numDrafts),
            ForbiddenTokenIds = sequence.SuppressesStopTokensAfter(numDrafts) ? request.StopTokenIds.AsSpan() : [],
        };
        BestLogits best = _logits.Best(logitRow);
        if (!best.IsEmpty)
            return new SampledToken(sampler.SampleBest(best.Ids, best.Values, inputs), null);
        int token = sampler.Sample(_logits[logitRow], inputs, out TokenLogprobs? logprobs);
        return new SampledToken(token, logprobs);
    }

    private static ImmutableArray<TokenLogprobs> Append(
        Sampler sampler, ImmutableArray<TokenLogprobs> read, ReadOnlySpan<float> logits, Sequence sequence, int position) =>
        (read.IsDefault ? [] : read).Add(
            sampler.ReadLogprobs(logits, sequence.TokenIds[position], sequence.Request.Sampling.NumLogprobs ?? 0));
}
