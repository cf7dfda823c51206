using System.Collections.Immutable;

namespace Gemma4.Engine.Chat;

/// <summary>How many soft tokens stand for a medium, as its preparation found.</summary>
public abstract record MediaExpansion
{
    private MediaExpansion()
    {
    }

    /// <summary>An image.</summary>
    /// <param name="NumSoftTokens">Its soft tokens.</param>
    public sealed record Whole(int NumSoftTokens) : MediaExpansion;

    /// <summary>An audio clip: each of its windows is an audio clip of its own to the model, with nothing between them.</summary>
    /// <param name="NumSoftTokens">Soft tokens of each window, in order; one of an audio clip that is heard in one piece.</param>
    public sealed record Windows(ImmutableArray<int> NumSoftTokens) : MediaExpansion;

    /// <summary>A video: each frame is an image behind its time.</summary>
    /// <param name="Items">Time and soft tokens of each frame, in order.</param>
    public sealed record Frames(ImmutableArray<(TimeSpan Time, int NumSoftTokens)> Items) : MediaExpansion;
}
