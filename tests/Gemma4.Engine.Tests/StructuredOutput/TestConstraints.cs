using Gemma4.Engine.Requests;

namespace Gemma4.Engine.Tests.StructuredOutput;

/// <summary>Asks a constraint as the engine's mask threads do, for tests that walk through one by hand.</summary>
internal static class TestConstraints
{
    /// <summary>False when every token is allowed.</summary>
    public static bool TryFillMask(this ITokenConstraint constraint, Span<uint> mask) =>
        constraint.FillMask(mask, mayCompute: true) == MaskResult.Masked;

    /// <summary>False when the sequence ends behind the token.</summary>
    public static bool Accept(this ITokenConstraint constraint, int tokenId) => constraint.Accept(tokenId, mayCompute: true) == AcceptResult.GoesOn;
}
