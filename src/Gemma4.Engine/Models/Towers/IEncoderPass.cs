namespace Gemma4.Engine.Models.Towers;

/// <summary>Media on their way through a tower, a slice at a time, so that steps of text can be taken in between.</summary>
/// <remarks>Slices are cut by the tower alone: when they are taken changes nothing in what they compute, to the last bit.</remarks>
internal interface IEncoderPass : IDisposable
{
    /// <summary>Computes the next slice.</summary>
    /// <returns>After the last slice the soft tokens of all media end to end, <c>[M, D]</c> row-major; null before.</returns>
    float[]? Advance();

    /// <summary>Computes all slices that are left.</summary>
    /// <returns>Soft tokens of all media end to end, <c>[M, D]</c> row-major.</returns>
    float[] Finish()
    {
        float[]? softTokens;
        do
            softTokens = Advance();
        while (softTokens is null);
        return softTokens;
    }
}
