using Gemma4.Engine.StructuredOutput.Automata;

namespace Gemma4.Engine.StructuredOutput.Schemas;

/// <summary>Waits within an object or an array, whose end may not be in reach from everywhere.</summary>
/// <param name="budget">Pays for the search for an end.</param>
internal abstract class ContainerFrame(WorkBudget budget) : Frame
{
    private bool? _canComplete;
    private bool _isBeingAsked;

    public override bool CanLeave => false;

    /// <summary>Whether the end can be reached from here.</summary>
    public bool CanComplete()
    {
        if (_isBeingAsked)
            return false; // a frame met again on the way to itself gives nothing new
        return _canComplete ??= CanCompleteAtSight() ?? Search();
    }

    /// <summary>The answer where it takes no search; null where it does.</summary>
    protected abstract bool? CanCompleteAtSight();

    /// <summary>It may end here.</summary>
    protected abstract bool MayEnd();

    /// <summary>The frames after one item or property more.</summary>
    protected abstract IEnumerable<ContainerFrame> Following();

    private bool Search()
    {
        budget.Descend();
        _isBeingAsked = true;
        try
        {
            return MayEnd() || Following().Any(f => f.CanComplete());
        }
        finally
        {
            _isBeingAsked = false;
        }
    }
}
