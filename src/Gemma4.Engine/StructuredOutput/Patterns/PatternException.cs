namespace Gemma4.Engine.StructuredOutput.Patterns;

/// <summary>A pattern is malformed or uses what no automaton can do.</summary>
internal sealed class PatternException(string message) : Exception(message);
