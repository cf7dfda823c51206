namespace Gemma4.Engine.StructuredOutput;

/// <summary>What text a tool takes that has no parameters but one free text.</summary>
public abstract record ToolInput
{
    private ToolInput()
    {
    }

    /// <summary>Text that a pattern matches from start to end.</summary>
    /// <param name="Text">A pattern as <see cref="ConstraintSpec.Regex"/> takes it.</param>
    public sealed record Pattern(string Text) : ToolInput;

    /// <summary>Text of a context-free grammar.</summary>
    /// <param name="Text">A grammar as <see cref="ConstraintSpec.Grammar"/> takes it.</param>
    public sealed record Grammar(string Text) : ToolInput;
}
