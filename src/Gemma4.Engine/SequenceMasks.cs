using Gemma4.Engine.Requests;
using Gemma4.Engine.Scheduling;
using Gemma4.Engine.StructuredOutput;

namespace Gemma4.Engine;

/// <summary>Has each constrained sequence's next mask made: at once where it is known, and otherwise beside the engine. Engine thread only.</summary>
/// <remarks>
/// What constraints compute is made of what users send, so none of it runs on the engine's thread. Most masks are known: the grammar was there
/// before. Such a sequence loses no time. Another is planned again when its mask is there; its neighbours go on meanwhile.
/// </remarks>
/// <param name="vocabularySize">V.</param>
/// <param name="maxAhead">Waiting sequences whose first masks are made before they are admitted.</param>
/// <param name="begin">Begins a job on another thread; when it is done it comes to <see cref="Take"/>.</param>
/// <param name="report">Brings a job that needs no thread there, but not within the call.</param>
internal sealed class SequenceMasks(int vocabularySize, int maxAhead, Action<MaskJob> begin, Action<MaskJob> report)
{
    private readonly Dictionary<SequenceId, MaskJob> _jobs = [];

    /// <summary>True while some sequence waits for its mask.</summary>
    public bool IsAnyAwaited => _jobs.Count > 0;

    /// <summary>Has the first masks made of sequences that run or may be admitted next.</summary>
    /// <param name="running">All that run: one may have been admitted before it came to the head of the queue.</param>
    /// <param name="waiting">In the order of service.</param>
    public void BeginFirst(ReadOnlySpan<Sequence> running, ReadOnlySpan<Sequence> waiting)
    {
        BeginFirst(running);
        BeginFirst(waiting[..Math.Min(waiting.Length, maxAhead)]);
    }

    /// <summary>Tells the constraints what a step sampled and has their next masks made. Before the step is committed, which asks what the
    /// tokens meant.</summary>
    public void Advance(StepPlan plan, in StepResult result)
    {
        ReadOnlySpan<SampledRun> runs = result.Runs.Span;
        for (int i = 0; i < runs.Length; i++)
        {
            ref readonly ScheduledSequence scheduled = ref plan.Sequences[i];
            if (scheduled.Samples && scheduled.Sequence.Constraint is { } constraint && runs[i].Fault is null)
                Accept(in scheduled, in runs[i], constraint);
        }
    }

    /// <summary>Takes back the drafts of a plan that is not executed, and whose sequences go on.</summary>
    public void TakeBack(StepPlan plan)
    {
        foreach (ref readonly ScheduledSequence scheduled in plan.Sequences)
        {
            if (scheduled.NumDrafts == 0 || scheduled.Sequence is not { State: SequenceState.Running, Constraint: { } constraint } sequence)
                continue;
            try
            {
                constraint.Rollback(scheduled.NumDrafts);
            }
            catch (Exception e)
            {
                Fail(sequence, e);
            }
        }
    }

    /// <summary>Takes in a job that is done.</summary>
    /// <returns>False when its sequence has ended meanwhile.</returns>
    public bool Take(MaskJob job)
    {
        Sequence sequence = job.Sequence;
        if (!_jobs.Remove(sequence.Id))
            return false;
        sequence.Accepted = job.Accepted;
        sequence.SetMask(job.Mask);
        sequence.ConstraintFault = job.Fault is ConstraintException e
            ? new RequestRejectedException(RejectionReason.InvalidRequest, e.Message, code: "constraint_too_complex")
            : job.Fault;
        return true;
    }

    /// <summary>Gives up what is made for a sequence that has ended.</summary>
    public void Forget(Sequence sequence)
    {
        if (_jobs.Remove(sequence.Id, out MaskJob? job))
            job.Cancel();
    }

    private void BeginFirst(ReadOnlySpan<Sequence> sequences)
    {
        foreach (Sequence sequence in sequences)
        {
            if (!sequence.LacksFirstMask)
                continue;
            sequence.LacksFirstMask = false;
            MakeMask(sequence);
        }
    }

    /// <summary>Takes a run: its drafts were accepted when they were made, so what is left is to go back over the wrong ones and to accept the last token.</summary>
    private void Accept(in ScheduledSequence scheduled, in SampledRun run, ITokenConstraint constraint)
    {
        Sequence sequence = scheduled.Sequence;
        int tokenId = run.Tokens.Span[^1].TokenId;
        if (SequenceProgress.IsStopToken(sequence, tokenId, run.NumConfirmed))
            return;
        bool isLast = sequence.NumOutputTokens + run.Tokens.Length >= sequence.MaxOutputTokens;
        try
        {
            constraint.Rollback(scheduled.NumDrafts - run.NumConfirmed);
            sequence.Accepted = constraint.Accept(tokenId, mayCompute: false);
        }
        catch (Exception e)
        {
            Fail(sequence, e);
            return;
        }
        if (sequence.Accepted == AcceptResult.NotAtOnce)
            BeginJob(new MaskJob(sequence, tokenId, isLast ? null : BufferOf(sequence)));
        else if (sequence.Accepted == AcceptResult.GoesOn && !isLast)
            MakeMask(sequence);
    }

    private void MakeMask(Sequence sequence)
    {
        uint[] mask = BufferOf(sequence);
        try
        {
            MaskResult result = sequence.Constraint!.FillMask(mask, mayCompute: false);
            if (result == MaskResult.NotAtOnce)
                BeginJob(new MaskJob(sequence, tokenId: null, mask));
            else
                sequence.SetMask(result == MaskResult.Masked ? mask : null);
        }
        catch (Exception e)
        {
            Fail(sequence, e);
        }
    }

    private void BeginJob(MaskJob job)
    {
        Await(job);
        begin(job);
    }

    /// <summary>Reports a fault the way one in a job is reported.</summary>
    private void Fail(Sequence sequence, Exception fault)
    {
        var job = new MaskJob(sequence, tokenId: null, mask: null) { Fault = fault };
        Await(job);
        report(job);
    }

    private void Await(MaskJob job)
    {
        job.Sequence.IsWaitingForMask = true;
        job.Sequence.Accepted = AcceptResult.NotAtOnce;
        _jobs.Add(job.Sequence.Id, job);
    }

    private uint[] BufferOf(Sequence sequence) => sequence.MaskBuffer ??= new uint[(vocabularySize + 31) / 32];
}
