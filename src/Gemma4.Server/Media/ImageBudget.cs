namespace Gemma4.Server.Media;

/// <summary>How many soft tokens an image may take: what is most exact about it decides.</summary>
internal static class ImageBudget
{
    /// <summary>Of <c>"detail": "low"</c>.</summary>
    public const int Low = 70;

    /// <summary>Of <c>"detail": "high"</c>, and of <c>original</c>.</summary>
    public const int High = 1120;

    /// <summary>The image's own number, then its detail if low or high, then the request's number, then the server's, then the checkpoint's.</summary>
    /// <param name="own"><c>max_soft_tokens</c> beside the image's URL.</param>
    /// <param name="detail"><c>low</c>, <c>high</c>, <c>original</c>, <c>auto</c> or null.</param>
    /// <param name="request"><c>mm_processor_kwargs.max_soft_tokens</c>.</param>
    /// <param name="server">The option <c>Media:ImageSoftTokens</c>.</param>
    /// <param name="checkpoint">What the checkpoint says.</param>
    public static int Choose(int? own, string? detail, int? request, int? server, int checkpoint)
    {
        int? byDetail = detail switch
        {
            "low" => Low,
            "high" or "original" => High,
            _ => null,
        };
        return own ?? byDetail ?? request ?? server ?? checkpoint;
    }
}
