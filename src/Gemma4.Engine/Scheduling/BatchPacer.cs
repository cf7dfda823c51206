namespace Gemma4.Engine.Scheduling;

/// <summary>Learns what tokens of batches cost, and says how many a step may hold so that interactive sequences hardly notice them.</summary>
/// <remarks>
/// Beside interactive sequences a step may become longer by a tenth: on a card, which reads its weights once for all, that is room for many tokens; on a
/// processor for few or none. Whoever comes while a batch has the step to itself waits for the step's end. So batches pause for a second behind the last
/// interactive step, since whoever was answered often asks again at once; and for a minute their steps are at most twice as long as the shortest, which
/// gets at least half of what longer ones would get done.
/// </remarks>
internal sealed class BatchPacer
{
    /// <summary>How long batches wait behind the last interactive step.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>How long their steps stay short behind it.</summary>
    public static readonly TimeSpan Caution = TimeSpan.FromMinutes(1);

    /// <summary>Of the time of a step without batches, so much may be added.</summary>
    private const double ShareBeside = 0.1;

    /// <summary>Of the time of the shortest step, so much may a step of batches be longer while it is to be short.</summary>
    private const double ShareAlone = 1;

    /// <summary>Steps of more interactive tokens than this are taken for steps of this many.</summary>
    private const int MaxCounted = 256;

    /// <summary>One step in so many holds no batch, so that what it would take without is known.</summary>
    private const int StepsPerRest = 16;

    /// <summary>Where no token fits, one is tried in so many steps: it may have been slow by chance.</summary>
    private const int StepsPerTrial = 256;

    private readonly LearnedTime[] _without = new LearnedTime[MaxCounted + 1];      // a step without batches, by its tokens
    private TokenCost _beside, _alone;
    private int _fewest = MaxCounted;       // fewest interactive tokens that a step without batches had
    private int _numInteractive;            // next tokens of interactive sequences in the last step
    private int _numSteps;
    private TimeSpan? _lastInteractive;

    /// <summary>What the next step may hold.</summary>
    /// <param name="now">The time, on the clock of <see cref="Record"/>.</param>
    public BatchBudget Budget(TimeSpan now) => new(Beside(), Alone(now));

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
        double seconds = textTime.TotalSeconds;
        if (!isInteractive)
            _alone.Learn(seconds, _without[_fewest], numBatch);
        else if (numInteractive > 0 && !reads)
            LearnBeside(seconds, numBatch);
    }

    private void LearnBeside(double seconds, int numBatch)
    {
        _numSteps++;
        if (numBatch > 0)
        {
            _beside.Learn(seconds, _without[_numInteractive], numBatch);
            return;
        }
        _without[_numInteractive].Learn(seconds);
        _fewest = Math.Min(_fewest, _numInteractive);
    }

    private int Beside()
    {
        LearnedTime without = _without[_numInteractive];
        if (_numInteractive == 0 || !without.IsKnown || _numSteps % StepsPerRest == 0)
            return 0;
        int fitting = _beside.Fitting(ShareBeside * without.Seconds);
        return fitting == 0 && _numSteps % StepsPerTrial == 1 ? 1 : fitting;
    }

    private int Alone(TimeSpan now)
    {
        if (PauseLeft(now) > TimeSpan.Zero)
            return 0;
        return _lastInteractive + Caution > now && _without[_fewest].IsKnown ? Math.Max(1, _alone.Fitting(ShareAlone * _without[_fewest].Seconds)) : int.MaxValue;
    }

    /// <summary>What something takes, by its last times.</summary>
    private struct LearnedTime
    {
        /// <summary>Weight of the newest.</summary>
        private const double Newest = 0.2;

        public bool IsKnown { get; private set; }

        public double Seconds { get; private set; }

        public void Learn(double seconds)
        {
            Seconds = IsKnown ? Seconds + Newest * (seconds - Seconds) : seconds;
            IsKnown = true;
        }
    }

    /// <summary>What a token of a batch adds to a step.</summary>
    private struct TokenCost
    {
        private LearnedTime _token;
        private int _most;

        /// <summary>Learns from a step, if it is known what that takes without.</summary>
        public void Learn(double seconds, LearnedTime without, int numTokens)
        {
            if (!without.IsKnown || numTokens == 0)
                return;
            _token.Learn(Math.Max(0, seconds - without.Seconds) / numTokens);
            _most = Math.Max(_most, numTokens);
        }

        /// <summary>Tokens that take no longer than this, but no more than twice as many as were tried: what more of them cost is not known.</summary>
        public readonly int Fitting(double seconds) => !_token.IsKnown ? 1 : (int)Math.Min(seconds / _token.Seconds, 2.0 * _most);
    }
}
