namespace Gemma4.Engine.Scheduling;

/// <summary>Tokens of prompts that a step may read.</summary>
/// <param name="BesideText">Where sequences get their next token in the same step; at least 1.</param>
/// <param name="Alone">Where none does; at least 1.</param>
internal readonly record struct PromptBudget(int BesideText, int Alone);
