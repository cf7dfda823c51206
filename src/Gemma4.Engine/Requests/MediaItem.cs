using System.Collections.Immutable;

namespace Gemma4.Engine.Requests;

/// <summary>An image or an audio clip, ready for its encoder, and where its soft tokens stand in the prompt.</summary>
/// <param name="FirstToken">Index of its first placeholder in the prompt.</param>
/// <param name="NumSoftTokens">Number of placeholders, M.</param>
/// <param name="ContentHash">Identifies content and budget: equal hashes may share encoder output and cached prefixes.</param>
public abstract record MediaItem(int FirstToken, int NumSoftTokens, UInt128 ContentHash)
{
    /// <summary>An image, or one frame of a video.</summary>
    /// <param name="FirstToken">Index of its first placeholder in the prompt.</param>
    /// <param name="NumSoftTokens">Patches / 9.</param>
    /// <param name="ContentHash">Identifies content and budget.</param>
    /// <param name="Patches">Pixels in 0..1, <c>[patches, 16 * 16 * 3]</c> row-major, vector order (py, px, channel); no padding.</param>
    /// <param name="PatchColumns">Patches in a row; row-major patch i stands at x = i mod columns, y = i / columns.</param>
    public sealed record Image(int FirstToken, int NumSoftTokens, UInt128 ContentHash, ReadOnlyMemory<float> Patches, int PatchColumns)
        : MediaItem(FirstToken, NumSoftTokens, ContentHash);

    /// <summary>An audio clip.</summary>
    /// <param name="FirstToken">Index of its first placeholder in the prompt.</param>
    /// <param name="NumSoftTokens">Encoder tokens, 40 ms each.</param>
    /// <param name="ContentHash">Identifies the content.</param>
    /// <param name="LogMel">Valid log-mel frames only, <c>[frames, 128]</c> row-major.</param>
    public sealed record Audio(int FirstToken, int NumSoftTokens, UInt128 ContentHash, ReadOnlyMemory<float> LogMel)
        : MediaItem(FirstToken, NumSoftTokens, ContentHash);
}
