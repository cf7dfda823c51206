namespace Gemma4.Engine.StructuredOutput;

/// <summary>Whether tools are called.</summary>
public enum ToolCallMode
{
    /// <summary>The model decides; once it opens a call, the call is held to its tool.</summary>
    Auto,

    /// <summary>One call or more, and nothing else.</summary>
    Required,
}
