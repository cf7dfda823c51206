namespace Gemma4.Engine.StructuredOutput.Automata;

/// <summary>A frame on top of others; unique within the parser, so equal stacks are the same object. The empty stack is null.</summary>
internal sealed record ParseStack(int Id, Frame Top, ParseStack? Below)
{
    /// <summary>Stacks are unique.</summary>
    public bool Equals(ParseStack? other) => ReferenceEquals(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => Id;
}
