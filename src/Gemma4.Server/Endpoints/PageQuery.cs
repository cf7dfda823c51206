using Gemma4.Server.Errors;
using Gemma4.Server.Storage;

namespace Gemma4.Server.Endpoints;

/// <summary>Which page of a list a query asks for.</summary>
internal static class PageQuery
{
    /// <summary>Items of a page where the query does not say.</summary>
    public const int DefaultLimit = 20;

    /// <summary>Most items of a page.</summary>
    public const int MaxLimit = 100;

    /// <summary>Reads it.</summary>
    /// <param name="limit">Most items.</param>
    /// <param name="order"><c>asc</c> or <c>desc</c>.</param>
    /// <param name="after">The id that it comes after.</param>
    /// <param name="isAscending">The order where the query does not say.</param>
    /// <param name="maxLimit">Most items of a page.</param>
    /// <param name="defaultLimit">Items of a page where the query does not say.</param>
    /// <exception cref="ApiException">One of them is none.</exception>
    public static PageRequest Read(int? limit, string? order, string? after, bool isAscending = false, int maxLimit = MaxLimit, int defaultLimit = DefaultLimit)
    {
        if (limit is < 1)
            throw Fault.BelowMinimum("limit", "integer", 1, $"{limit}");
        if (limit > maxLimit)
            throw Fault.AboveMaximum("limit", "integer", maxLimit, $"{limit}");
        if (order is not (null or "asc" or "desc"))
            throw Fault.Value("order", order, ["asc", "desc"]);
        return new PageRequest(limit ?? defaultLimit, after, order is null ? isAscending : order == "asc");
    }
}
