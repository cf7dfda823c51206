using Gemma4.Engine.Vision;

namespace Gemma4.Server.Media;

/// <summary>How many soft tokens a picture may take: what is most exact about it decides.</summary>
internal static class ImageBudget
{
    /// <summary>Of <c>"detail": "low"</c>.</summary>
    public const int Low = 70;

    /// <summary>Of <c>"detail": "high"</c>.</summary>
    public const int High = 1120;

    /// <summary>The picture's own number, then its detail if low or high, then the request's number, then the server's, then the checkpoint's.</summary>
    /// <param name="own"><c>max_soft_tokens</c> beside the picture's URL.</param>
    /// <param name="detail"><c>low</c>, <c>high</c>, <c>auto</c> or null.</param>
    /// <param name="request"><c>mm_processor_kwargs.max_soft_tokens</c>.</param>
    /// <param name="server">The option <c>Media:ImageSoftTokens</c>.</param>
    /// <param name="checkpoint">What the checkpoint says.</param>
    /// <param name="ownParam">The field of <paramref name="own"/>, for errors.</param>
    /// <exception cref="Engine.Requests.RequestRejectedException">A number that is no budget.</exception>
    public static int Choose(int? own, string? detail, int? request, int? server, int checkpoint, string ownParam)
    {
        if (own is { } exact)
            SoftTokenBudget.Validate(exact, ownParam);
        if (request is { } all)
            SoftTokenBudget.Validate(all, "mm_processor_kwargs.max_soft_tokens");
        int? byDetail = detail switch
        {
            "low" => Low,
            "high" => High,
            _ => null,
        };
        return own ?? byDetail ?? request ?? server ?? checkpoint;
    }
}
