using System.Collections.Immutable;

namespace Gemma4.Engine.Chat;

/// <summary>How many soft tokens stand for a medium, as its preparation found.</summary>
public abstract record MediaExpansion
{
    private MediaExpansion()
    {
    }

    /// <summary>A picture or a sound.</summary>
    /// <param name="NumSoftTokens">Its soft tokens.</param>
    public sealed record Whole(int NumSoftTokens) : MediaExpansion;

    /// <summary>A film: each frame is a picture behind its time.</summary>
    /// <param name="Items">Time and soft tokens of each frame, in order.</param>
    public sealed record Frames(ImmutableArray<(TimeSpan Time, int NumSoftTokens)> Items) : MediaExpansion;
}
