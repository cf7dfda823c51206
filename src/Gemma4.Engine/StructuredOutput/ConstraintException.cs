namespace Gemma4.Engine.StructuredOutput;

/// <summary>A schema, pattern or grammar is malformed or asks for what cannot be enforced. Nothing is ever ignored in silence.</summary>
/// <param name="path">Where, as a JSON pointer into the schema; a line and column in a grammar; empty for the whole.</param>
/// <param name="reason">What is wrong.</param>
public class ConstraintException(string path, string reason) : Exception(path.Length == 0 ? reason : $"{reason} (at {path})")
{
    /// <summary>Where, as a JSON pointer into the schema; a line and column in a grammar; empty for the whole.</summary>
    public string Path { get; } = path;

    /// <summary>What is wrong.</summary>
    public string Reason { get; } = reason;

    /// <summary>A fresh exception that says the same.</summary>
    internal virtual ConstraintException Again() => new(Path, Reason);
}
