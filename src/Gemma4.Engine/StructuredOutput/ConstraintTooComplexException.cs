namespace Gemma4.Engine.StructuredOutput;

/// <summary>A constraint costs more than <see cref="ConstraintLimits"/> allow: to read, to compile, or to hold an answer to.</summary>
/// <param name="path">Where, as in <see cref="ConstraintException"/>.</param>
/// <param name="reason">Which limit was passed.</param>
public sealed class ConstraintTooComplexException(string path, string reason) : ConstraintException(path, reason)
{
    /// <inheritdoc/>
    internal override ConstraintException Again() => new ConstraintTooComplexException(Path, Reason);
}
