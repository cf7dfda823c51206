using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Scheduling;
using Microsoft.Extensions.Logging;

namespace Gemma4.Engine;

/// <summary>The engine's thread: takes commands in, lets the scheduler plan, the runner compute, and hands tokens out.</summary>
/// <remarks>It owns scheduler and runner; nothing here waits for a reader or a writer, only for commands when there is nothing to do. What
/// users' grammars compute is made beside it (<see cref="SequenceMasks"/>) and comes back as a command.</remarks>
internal sealed class EngineLoop
{
    /// <summary>Of a step's time, so much may be added to wait for masks that were begun at its end.</summary>
    private const double MaskWaitShare = 0.1;

    private const string StalledReason = "A step of the engine has not ended in its time (Engine:StepTimeout).";

    private readonly Channel<EngineCommand> _commands = Channel.CreateUnbounded<EngineCommand>(
        new UnboundedChannelOptions { SingleReader = true });

    private readonly Scheduler _scheduler;
    private readonly IModelRunner _runner;
    private readonly AdmissionGate _gate;
    private readonly RequestTracker _requests;
    private readonly PromptPacer _pacer;
    private readonly BatchPacer _batchPacer;
    private readonly SequenceMasks _masks;
    private readonly MaskWorkers _maskWorkers;
    private readonly StepWatch _watch;
    private readonly EngineMetrics _metrics;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly int _maxConsecutiveFaults;
    private readonly Thread _thread;
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile EngineHealth _health = EngineHealth.Ready;
    private volatile bool _stopping;
    private int _numConsecutiveFaults;

    /// <summary>A loop that has not started.</summary>
    public EngineLoop(
        Scheduler scheduler, IModelRunner runner, AdmissionGate gate, RequestTracker requests, PromptPacer pacer, BatchPacer batchPacer, EngineMetrics metrics,
        ILogger logger, TimeProvider time, int vocabularySize, EngineOptions options)
    {
        _scheduler = scheduler;
        _runner = runner;
        _gate = gate;
        _requests = requests;
        _pacer = pacer;
        _batchPacer = batchPacer;
        _metrics = metrics;
        _logger = logger;
        _time = time;
        _maxConsecutiveFaults = options.MaxConsecutiveFaults;
        _maskWorkers = new MaskWorkers(options.MaxSequences, Report);
        _masks = new SequenceMasks(vocabularySize, options.MaxSequences, _maskWorkers.Begin, Report);
        _watch = new StepWatch(time, options.StepTimeout, GiveStepUp);
        _thread = new Thread(Run) { Name = "Gemma4 engine", IsBackground = true };
    }

    /// <summary>Ready, degraded or failed.</summary>
    public EngineHealth Health => _health;

    /// <summary>Starts the thread, which is nobody's: a span that is current here is no parent of what it does for others.</summary>
    public void Start() => _thread.UnsafeStart();

    /// <summary>Hands a command over without waiting.</summary>
    /// <returns>False when the loop has ended: nothing runs any more.</returns>
    public bool TryPost(EngineCommand command) => _commands.Writer.TryWrite(command);

    /// <summary>Ends all sequences and the thread, after the step it is in.</summary>
    /// <returns>Completes when the thread has ended and the runner is disposed.</returns>
    public Task StopAsync()
    {
        _stopping = true;
        _commands.Writer.TryComplete();
        return _stopped.Task;
    }

    private void Run()
    {
        try
        {
            while (!_stopping)
                Step();
            _commands.Writer.TryComplete();
            ApplyCommands();
            EndAll();
        }
        catch (Exception e)
        {
            // A slip in our own bookkeeping, or a runner that is lost: no sequence may hang because of it.
            Fail(e);
        }
        finally
        {
            _watch.Dispose();
            _maskWorkers.Dispose();
            _runner.Dispose();
            _stopped.TrySetResult();
        }
    }

    private void Step()
    {
        ApplyCommands();
        _masks.BeginFirst(_scheduler.Running, _scheduler.Waiting);
        StepPlan plan = _scheduler.Schedule(_pacer.Budget, _batchPacer.Budget(Now));
        if (plan.IsEmpty)
        {
            if (_scheduler.TryPeek(out _) && !_masks.IsAnyAwaited && !_scheduler.HoldsBatches)
                throw new InvalidOperationException("The scheduler planned nothing while sequences wait.");
            _metrics.RecordState(_scheduler);
            if (_scheduler.HoldsBatches)
                WaitForCommands(_batchPacer.PauseLeft(Now));
            else
                WaitForCommands();
            return;
        }
        _requests.Start(plan);
        long started = _time.GetTimestamp();
        if (!TryExecute(plan, out StepResult result))
            return;
        _requests.RecordEncoding(plan, started);
        _masks.Advance(plan, in result);
        foreach (ref readonly SequenceOutput output in _scheduler.Commit(plan, result))
            Publish(output.Sequence, output.Event, output.NumTokensLeft);
        _pacer.Record(result.TextTime, plan);
        _batchPacer.Record(result.TextTime, plan, Now);
        TimeSpan taken = _time.GetElapsedTime(started);
        _metrics.RecordStep(taken, plan, in result, _scheduler);
        // Most masks are made within microseconds: to miss a step costs their sequences more than the wait costs the others.
        if (_masks.IsAnyAwaited)
            _maskWorkers.WaitForRound(MaskWaitShare * taken);
    }

    private bool TryExecute(StepPlan plan, out StepResult result)
    {
        result = default;
        Exception? fault = null;
        _watch.Begin();
        try
        {
            result = _runner.Execute(plan);
        }
        catch (Exception e)
        {
            fault = e;
        }
        bool inTime = _watch.TryEnd();
        if (!inTime)
            ForgetAll();
        if (fault is not null)
        {
            Recover(plan, fault);
            return false;
        }
        _numConsecutiveFaults = 0;
        _health = EngineHealth.Ready;
        if (!inTime)
            return false;
        LogFaults(plan, result);
        return true;
    }

    /// <summary>Goes on after a step that threw, if that makes sense.</summary>
    private void Recover(StepPlan plan, Exception fault)
    {
        _metrics.RecordStepFailure();
        Log.StepFailed(_logger, fault, plan.Sequences.Length, plan.NumTokens);
        // A step of one sequence cannot become smaller: that it ran out of memory counts like any fault.
        bool maySplit = plan.Sequences.Length > 1 && MemoryFault.Is(fault);
        // A fault that ends the engine closes its door first: whoever reads an error of it is refused the next time.
        if ((!maySplit && ++_numConsecutiveFaults >= _maxConsecutiveFaults) || !_runner.CanContinueAfter(fault))
            ExceptionDispatchInfo.Throw(fault);
        if (maySplit)
        {
            EndLargest(plan);
        }
        else
        {
            foreach (ref readonly ScheduledSequence scheduled in plan.Sequences)
                End(scheduled.Sequence, FinishReason.Error, SequenceProgress.SequenceFailedMessage);
        }
        _health = new EngineHealth(EngineState.Degraded, "The last step failed.");
    }

    /// <summary>Ends the sequence that took the most memory in a step, and has the others planned again.</summary>
    private void EndLargest(StepPlan plan)
    {
        Sequence largest = plan.Sequences[0].Sequence;
        long most = 0;
        foreach (ref readonly ScheduledSequence scheduled in plan.Sequences)
        {
            // What a step holds grows with its tokens, and in attention with the positions that each of them looks at.
            long size = (long)scheduled.NumTokens * (scheduled.FirstPosition + scheduled.NumTokens);
            if (size > most)
                (largest, most) = (scheduled.Sequence, size);
        }
        Log.LargestEnded(_logger, largest.Request.Id, largest.Index);
        End(largest, FinishReason.Error, SequenceProgress.OutOfMemoryMessage);
        _masks.TakeBack(plan);
        _scheduler.Preempt(plan);
    }

    private void LogFaults(StepPlan plan, StepResult result)
    {
        ReadOnlySpan<SampledRun> runs = result.Runs.Span;
        for (int i = 0; i < runs.Length; i++)
        {
            if (runs[i].Fault is { } fault)
                LogFault(fault, plan.Sequences[i].Sequence);
        }
        ReadOnlySpan<EncoderProgress> awaited = result.Awaited.Span;
        for (int i = 0; i < awaited.Length; i++)
        {
            if (awaited[i].Fault is { } fault)
                Log.MediaFailed(_logger, fault, plan.Awaited[i].MediaIndex, plan.Awaited[i].Sequence.Request.Id);
        }
    }

    private void LogFault(Exception fault, Sequence sequence)
    {
        if (fault is RequestRejectedException rejection)
            Log.SequenceRefused(_logger, sequence.Request.Id, sequence.Index, rejection.Code);
        else
            Log.SequenceFailed(_logger, fault, sequence.Request.Id, sequence.Index);
    }

    private void ApplyCommands()
    {
        while (_commands.Reader.TryRead(out EngineCommand? command))
        {
            switch (command)
            {
                case EngineCommand.Admit(ActiveRequest request):
                    Admit(request);
                    break;
                case EngineCommand.Abort(Sequence sequence):
                    End(sequence, FinishReason.Aborted, null);
                    break;
                case EngineCommand.MaskDone(MaskJob job):
                    if (_masks.Take(job))
                        EndIfOver(job.Sequence);
                    break;
                case EngineCommand.AbortAll:
                    EndAll();
                    break;
                default:
                    throw new UnreachableException();
            }
        }
    }

    private void Admit(ActiveRequest request)
    {
        _requests.Add(request);
        foreach (Sequence sequence in request.Sequences)
            _scheduler.Add(sequence);
    }

    /// <summary>Time on the clock of the batches' pace.</summary>
    private TimeSpan Now => _time.GetElapsedTime(0);

    /// <summary>Blocks this thread until there is a command or the loop is to stop.</summary>
    private void WaitForCommands(CancellationToken cancellationToken = default) =>
        _commands.Reader.WaitToReadAsync(cancellationToken).AsTask().GetAwaiter().GetResult();

    /// <summary>The same, but not longer than a time.</summary>
    private void WaitForCommands(TimeSpan atMost)
    {
        using var timeIsUp = new CancellationTokenSource(atMost, _time);
        try
        {
            WaitForCommands(timeIsUp.Token);
        }
        catch (OperationCanceledException)
        {
            // The batches' turn.
        }
    }

    /// <summary>Ends all sequences with an error while a step hangs, those that came since included. The watch's thread, in place of this one, which is
    /// in the step and reads nothing but the plan.</summary>
    private void GiveStepUp()
    {
        if (_health.State != EngineState.Stalled)
        {
            Log.StepHangs(_logger);
            _gate.Hold(StalledReason);
            _health = new EngineHealth(EngineState.Stalled, StalledReason);
        }
        var others = new List<EngineCommand>();
        while (_commands.Reader.TryRead(out EngineCommand? command))
        {
            if (command is EngineCommand.Admit(ActiveRequest request))
                Admit(request);
            else
                others.Add(command);
        }
        foreach (EngineCommand command in others)
            TryPost(command);
        _requests.EndAll(SequenceProgress.StalledMessage);
    }

    /// <summary>Lets go of the sequences that <see cref="GiveStepUp"/> ended, now that the step has come back.</summary>
    private void ForgetAll()
    {
        Log.StepCameBack(_logger);
        while (_scheduler.TryPeek(out Sequence? sequence))
        {
            _scheduler.End(sequence);
            _masks.Forget(sequence);
        }
        _gate.Hold(null);
    }

    private void Report(MaskJob job) => TryPost(new EngineCommand.MaskDone(job));

    /// <summary>Ends a sequence if that is what its constraint said of the last token.</summary>
    private void EndIfOver(Sequence sequence)
    {
        if (SequenceProgress.TryEnd(sequence, out TokenEvent e) && _scheduler.End(sequence))
            Publish(sequence, e);
    }

    private void End(Sequence sequence, FinishReason reason, string? error)
    {
        if (_scheduler.End(sequence))
            Publish(sequence, SequenceProgress.Ended(sequence, reason, error));
    }

    private void Publish(Sequence sequence, in TokenEvent e, int numTokensLeft = 0)
    {
        if (e.FinishReason is not null)
            _masks.Forget(sequence);
        if (sequence.ConstraintFault is { } fault && e.FinishReason == FinishReason.Error)
            LogFault(fault, sequence);
        _requests.Publish(sequence, e, numTokensLeft);
    }

    private void EndAll()
    {
        while (_scheduler.TryPeek(out Sequence? sequence))
            End(sequence, FinishReason.Aborted, null);
    }

    /// <summary>Ends what there is and what is still on its way with an error. Asks nothing of the scheduler, which may be what failed.</summary>
    private void Fail(Exception e)
    {
        Log.EngineFailed(_logger, e);
        _health = new EngineHealth(EngineState.Failed, "The engine failed and does not serve any more; its log says why.");
        _ = _gate.Close("The engine has failed.");
        _commands.Writer.TryComplete();
        while (_commands.Reader.TryRead(out EngineCommand? command))
        {
            if (command is EngineCommand.Admit(ActiveRequest request))
                _requests.Add(request);
        }
        _requests.EndAll(SequenceProgress.SequenceFailedMessage);
    }
}
