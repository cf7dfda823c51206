using System.Runtime.CompilerServices;

namespace Gemma4.Engine.StructuredOutput.Automata;

/// <summary>What a piece of work on a user's constraint may cost.</summary>
/// <param name="Units">Nodes, states and list entries made or walked: a measure that no clock disturbs. One is some tens of nanoseconds.</param>
/// <param name="Time">Processor time of the thread that works.</param>
/// <param name="Bytes">Memory that the constraint keeps, roughly.</param>
internal readonly record struct WorkLimits(long Units, TimeSpan Time, long Bytes)
{
    public static WorkLimits None { get; } = new(long.MaxValue, TimeSpan.MaxValue, long.MaxValue);
}

/// <summary>Counts what compiling a constraint, or making one of its masks, costs, and ends it when that is too much.</summary>
/// <remarks>One belongs to one constraint. All that works for it charges what it does before or while it does it: loops over what a user
/// sent that charge nothing have no place in this room. Not thread-safe.</remarks>
internal sealed class WorkBudget
{
    private const int UnitsBetweenLooks = 20_000;

    private WorkLimits _limits = WorkLimits.None;
    private CancellationToken _cancellation;
    private TimeSpan _started;
    private long _nextLook = long.MaxValue;

    /// <summary>Units since <see cref="Begin"/>.</summary>
    public long Units { get; private set; }

    /// <summary>Bytes kept for the life of the constraint.</summary>
    public long BytesSettled { get; private set; }

    /// <summary>Bytes kept that can be forgotten, for they can be worked out again.</summary>
    public long BytesFound { get; private set; }

    /// <summary>Where in the schema or grammar the work is, for the error.</summary>
    public string Place { get; set; } = "";

    /// <summary>Starts counting anew, on this thread. What is kept stays counted.</summary>
    public void Begin(WorkLimits limits, CancellationToken cancellation = default)
    {
        (_limits, _cancellation, Units) = (limits, cancellation, 0);
        _started = limits.Time == TimeSpan.MaxValue ? default : ProcessorTime.OfThread();
        _nextLook = Math.Min(UnitsBetweenLooks, limits.Units);
    }

    /// <summary>Counts work.</summary>
    /// <exception cref="ConstraintTooComplexException">It is too much.</exception>
    /// <exception cref="OperationCanceledException">Nobody waits for the result any more.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Charge(long units = 1)
    {
        Units += units;
        if (Units >= _nextLook)
            Look();
    }

    /// <summary>Counts memory that is kept with the constraint until it is forgotten.</summary>
    /// <exception cref="ConstraintTooComplexException">It is too much.</exception>
    public void Keep(long bytes)
    {
        BytesFound += bytes;
        if (BytesFound + BytesSettled > _limits.Bytes)
            throw TooComplex($"it takes more than {_limits.Bytes >> 20} MiB");
    }

    /// <summary>Counts memory that is kept for the life of the constraint.</summary>
    /// <exception cref="ConstraintTooComplexException">It is too much.</exception>
    public void KeepForGood(long bytes)
    {
        Keep(0);
        BytesSettled += bytes;
    }

    /// <summary>What was found so far belongs to the constraint and is not forgotten.</summary>
    public void Settle() => (BytesSettled, BytesFound) = (BytesSettled + BytesFound, 0);

    /// <summary>What was found since <see cref="Settle"/> is not kept any more.</summary>
    public void Forget() => BytesFound = 0;

    /// <summary>To be called by whatever calls itself over a user's input.</summary>
    /// <exception cref="ConstraintTooComplexException">The thread's stack comes to its end.</exception>
    public void Descend()
    {
        Charge();
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw TooComplex("it is nested too deeply");
    }

    /// <summary>The refusal of an expression of which a search did not find out whether it accepts anything.</summary>
    public ConstraintTooComplexException TooHard() => TooComplex("whether anything matches cannot be told");

    private void Look()
    {
        _cancellation.ThrowIfCancellationRequested();
        if (Units >= _limits.Units)
            throw TooComplex($"it takes more than {_limits.Units:N0} steps");
        if (_limits.Time != TimeSpan.MaxValue && ProcessorTime.OfThread() - _started > _limits.Time)
            throw TooComplex($"it takes more than {_limits.Time.TotalSeconds:0.###} s of processor time");
        _nextLook = Math.Min(Units + UnitsBetweenLooks, _limits.Units);
    }

    private ConstraintTooComplexException TooComplex(string why) => new(Place, $"the constraint is too complex: {why}");
}
