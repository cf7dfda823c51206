namespace Gemma4.Engine.Scheduling;

/// <summary>Tokens of sequences of batches that a step may hold.</summary>
/// <param name="Beside">Where the step holds tokens of interactive sequences; 0 lets the batches pause.</param>
/// <param name="Alone">Where there are none.</param>
internal readonly record struct BatchBudget(int Beside, int Alone);
