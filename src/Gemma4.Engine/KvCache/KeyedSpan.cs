namespace Gemma4.Engine.KvCache;

/// <summary>Positions whose keys and values depend on more than the token ids: the soft tokens of an image or of audio.</summary>
/// <param name="FirstPosition">Position of the first.</param>
/// <param name="NumPositions">How many.</param>
/// <param name="ContentHash">What they depend on.</param>
internal readonly record struct KeyedSpan(int FirstPosition, int NumPositions, UInt128 ContentHash)
{
    /// <summary>The position after the last.</summary>
    public int End => FirstPosition + NumPositions;
}
