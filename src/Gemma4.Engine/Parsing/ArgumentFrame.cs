namespace Gemma4.Engine.Parsing;

/// <summary>An open object or array of a call's arguments.</summary>
/// <param name="schema">What is declared about it.</param>
/// <param name="open">Its opening bracket as the model wrote it.</param>
internal sealed class ArgumentFrame(ParameterSchema schema, char open)
{
    public ParameterSchema Schema { get; } = schema;

    public char Open { get; } = open;

    public char Close { get; } = open switch { '{' => '}', '[' => ']', _ => ')' };

    public bool IsArray => Open == '[';

    /// <summary>Members or items written so far.</summary>
    public int Count { get; set; }

    /// <summary>A comma was read and nothing after it.</summary>
    public bool AfterComma { get; set; }
}
