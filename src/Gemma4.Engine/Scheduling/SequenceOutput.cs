using Gemma4.Engine.Requests;

namespace Gemma4.Engine.Scheduling;

/// <summary>What a step brought to one sequence, or one token of it.</summary>
/// <param name="Sequence">Which.</param>
/// <param name="Event">What its reader is told.</param>
/// <param name="NumTokensLeft">Tokens that the step brought it from this event's on; 0 for an event without one.</param>
internal readonly record struct SequenceOutput(Sequence Sequence, TokenEvent Event, int NumTokensLeft);
