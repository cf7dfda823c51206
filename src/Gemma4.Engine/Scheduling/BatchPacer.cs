namespace Gemma4.Engine.Scheduling;

/// <summary>Learns what tokens of batches cost beside interactive sequences, and says how many a step may hold so that those hardly notice them.</summary>
/// <remarks>
/// Beside interactive sequences a step may become longer by a tenth: on a card, which reads its weights once for all, that is room for many tokens; on a
/// processor for few or none. Behind the last interactive step batches pause for a second: whoever was answered often asks again at once, and would
/// wait for the end of a step that holds as much of a batch as a step can.
/// </remarks>
internal sealed class BatchPacer
{
    /// <summary>How long batches wait behind the last interactive step.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Of the time of a step without batches, so much may be added.</summary>
    private const double Share = 0.1;

    /// <summary>Weight of the newest step.</summary>
    private const double Newest = 0.2;

    /// <summary>Steps of more interactive tokens than this are taken for steps of this many.</summary>
    private const int MaxCounted = 256;

    /// <summary>One step in so many holds no batch, so that what it would take without is known.</summary>
    private const int StepsPerRest = 16;

    /// <summary>Where no token fits, one is tried in so many steps: it may have been slow by chance.</summary>
    private const int StepsPerTrial = 256;

    private readonly double[] _alone = new double[MaxCounted + 1];      // by tokens of interactive sequences: seconds of a step without batches; 0 unknown
    private double _batchToken;         // seconds that a token of a batch adds; 0 unknown
    private int _numInteractive;        // next tokens of interactive sequences in the last step
    private int _mostBeside;            // tokens of batches that were tried beside them
    private int _numSteps;
    private TimeSpan? _lastInteractive;

    /// <summary>What the next step may hold.</summary>
    /// <param name="now">The time, on the clock of <see cref="Record"/>.</param>
    public BatchBudget Budget(TimeSpan now) => new(Beside(), PauseLeft(now) > TimeSpan.Zero ? 0 : int.MaxValue);

    /// <summary>How long batches still have to wait; zero where they need not.</summary>
    /// <param name="now">The time, on the clock of <see cref="Record"/>.</param>
    public TimeSpan PauseLeft(TimeSpan now)
    {
        TimeSpan left = _lastInteractive is { } last ? last + Pause - now : TimeSpan.Zero;
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>Learns from a step.</summary>
    /// <param name="textTime">What its tokens took.</param>
    /// <param name="plan">What it computed.</param>
    /// <param name="now">The time of its end.</param>
    public void Record(TimeSpan textTime, StepPlan plan, TimeSpan now)
    {
        int numInteractive = 0, numBatch = 0;
        bool reads = false, isInteractive = false;
        foreach (ref readonly AwaitedMedia awaited in plan.Awaited)
            isInteractive |= !awaited.Sequence.Request.IsBatch;
        foreach (ref readonly ScheduledSequence scheduled in plan.Sequences)
        {
            if (scheduled.Sequence.Request.IsBatch)
            {
                numBatch += scheduled.NumTokens;
                continue;
            }
            isInteractive = true;
            reads |= scheduled.Reads;
            numInteractive += scheduled.Reads ? 0 : scheduled.NumTokens;
        }
        if (isInteractive)
            _lastInteractive = now;
        _numInteractive = Math.Min(numInteractive, MaxCounted);
        if (numInteractive == 0 || reads)
            return;
        _numSteps++;
        ref double alone = ref _alone[_numInteractive];
        if (numBatch == 0)
        {
            Learn(ref alone, textTime.TotalSeconds);
        }
        else if (alone > 0)
        {
            Learn(ref _batchToken, Math.Max(textTime.TotalSeconds - alone, double.Epsilon) / numBatch);
            _mostBeside = Math.Max(_mostBeside, numBatch);
        }
    }

    private int Beside()
    {
        double alone = _alone[_numInteractive];
        if (_numInteractive == 0 || alone == 0 || _numSteps % StepsPerRest == 0)
            return 0;
        if (_batchToken == 0)
            return 1;
        // No more than twice what was tried: what more tokens cost is not known.
        int fitting = (int)Math.Min(Share * alone / _batchToken, 2 * _mostBeside);
        return fitting == 0 && _numSteps % StepsPerTrial == 1 ? 1 : fitting;
    }

    private static void Learn(ref double estimate, double seconds) => estimate = estimate == 0 ? seconds : estimate + Newest * (seconds - estimate);
}
