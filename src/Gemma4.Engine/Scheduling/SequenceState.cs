namespace Gemma4.Engine.Scheduling;

/// <summary>Where a sequence stands.</summary>
internal enum SequenceState
{
    /// <summary>In the queue: new, or preempted.</summary>
    Waiting,

    /// <summary>Holds blocks; takes part in steps.</summary>
    Running,

    /// <summary>Holds nothing and will not come back.</summary>
    Ended,
}
