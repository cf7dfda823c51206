using Gemma4.Engine.Scheduling;

namespace Gemma4.Engine;

/// <summary>What other threads ask the engine's thread to do, in order of arrival.</summary>
internal abstract record EngineCommand
{
    private EngineCommand()
    {
    }

    /// <summary>Serve a request that passed the gate.</summary>
    public sealed record Admit(ActiveRequest Request) : EngineCommand;

    /// <summary>End a sequence, if it has not ended.</summary>
    public sealed record Abort(Sequence Sequence) : EngineCommand;

    /// <summary>Let a sequence go on whose mask is made.</summary>
    public sealed record MaskDone(MaskJob Job) : EngineCommand;

    /// <summary>End every sequence.</summary>
    public sealed record AbortAll : EngineCommand;
}
