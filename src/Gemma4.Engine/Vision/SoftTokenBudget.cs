using System.Collections.Immutable;
using Gemma4.Engine.Requests;

namespace Gemma4.Engine.Vision;

/// <summary>How many soft tokens an image may become, and the size it is resized to for that.</summary>
public static class SoftTokenBudget
{
    /// <summary>Pixels of a patch's side.</summary>
    public const int PatchSize = 16;

    /// <summary>Patches of a soft token's side: the tower averages 3 x 3 patches into one.</summary>
    public const int PoolSize = 3;

    /// <summary>Pixels of a soft token's side; both sides of a resized image are multiples of it.</summary>
    public const int TokenSize = PatchSize * PoolSize;

    /// <summary>The budgets Gemma 4 was trained with.</summary>
    public static ImmutableArray<int> Allowed { get; } = [70, 140, 280, 560, 1120];

    /// <summary>Throws unless <paramref name="maxSoftTokens"/> is one of <see cref="Allowed"/>.</summary>
    /// <exception cref="RequestRejectedException">It is not.</exception>
    public static void Validate(int maxSoftTokens, string? param = null)
    {
        if (!Allowed.Contains(maxSoftTokens))
        {
            throw new RequestRejectedException(RejectionReason.InvalidRequest,
                $"Invalid value for 'max_soft_tokens': {maxSoftTokens}. Supported values are: {string.Join(", ", Allowed)}.", param, "invalid_value");
        }
    }

    /// <summary>The size an image is resized to: as large as the budget allows, same shape, sides in multiples of 48.</summary>
    /// <param name="width">Pixels, at least 1, orientation applied.</param>
    /// <param name="height">Pixels, at least 1, orientation applied.</param>
    /// <param name="maxSoftTokens">One of <see cref="Allowed"/>.</param>
    /// <returns>Width and height; <c>width * height / 48²</c> soft tokens, at most <paramref name="maxSoftTokens"/>.</returns>
    /// <remarks>
    /// <c>get_aspect_ratio_preserving_size</c> of transformers' <c>image_processing_gemma4.py</c>, in double like the reference. Small
    /// images are enlarged. A side that would vanish becomes 48 and the other the shape's ratio in steps of 48, within the budget.
    /// </remarks>
    public static (int Width, int Height) TargetSize(int width, int height, int maxSoftTokens)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        double maxPixels = (double)maxSoftTokens * PoolSize * PoolSize * PatchSize * PatchSize;
        double factor = Math.Sqrt(maxPixels / ((double)height * width));
        int targetHeight = (int)Math.Floor(factor * height / TokenSize) * TokenSize;
        int targetWidth = (int)Math.Floor(factor * width / TokenSize) * TokenSize;
        int longest = maxSoftTokens * TokenSize;
        if (targetHeight == 0)
            return (Math.Min(width / height * TokenSize, longest), TokenSize);
        if (targetWidth == 0)
            return (TokenSize, Math.Min(height / width * TokenSize, longest));
        return (targetWidth, targetHeight);
    }

    /// <summary>Soft tokens of an image of a size that <see cref="TargetSize"/> gave.</summary>
    public static int SoftTokens(int width, int height) => width / TokenSize * (height / TokenSize);
}
