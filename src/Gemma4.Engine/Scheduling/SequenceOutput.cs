using Gemma4.Engine.Requests;

namespace Gemma4.Engine.Scheduling;

/// <summary>What a step brought to one sequence.</summary>
/// <param name="Sequence">Which.</param>
/// <param name="Event">What its reader is told.</param>
internal readonly record struct SequenceOutput(Sequence Sequence, TokenEvent Event);
