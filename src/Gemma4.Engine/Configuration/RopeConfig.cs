namespace Gemma4.Engine.Configuration;

/// <summary>Rotary position embedding of one kind of layer.</summary>
/// <param name="Theta">Base of the frequencies.</param>
/// <param name="NumRotatedPairs">Pairs (i, i + H/2) that turn, from i = 0; the rest stand still.</param>
public sealed record RopeConfig(double Theta, int NumRotatedPairs);
