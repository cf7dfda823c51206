using System.Globalization;
using Gemma4.Server.Anthropic;
using Gemma4.Server.Errors;

namespace Gemma4.Server.Mapping.Anthropic;

/// <summary>The served models in Anthropic's shape, a page at a time.</summary>
internal static class ModelPages
{
    private const int DefaultLimit = 20;
    private const int MaxLimit = 1000;

    /// <param name="ids">All served ids.</param>
    /// <param name="started">When the server started, in seconds since 1970.</param>
    /// <param name="query">May have <c>limit</c>, and <c>after_id</c> or <c>before_id</c>.</param>
    /// <exception cref="ApiException">A field of the query is wrong.</exception>
    public static MessageModelList Page(IReadOnlyList<string> ids, long started, IQueryCollection query)
    {
        int limit = Limit(query["limit"].ToString());
        int? after = Place(ids, query["after_id"].ToString(), "after_id");
        int? before = Place(ids, query["before_id"].ToString(), "before_id");
        if (after is not null && before is not null)
            throw Fault.Of("'after_id' and 'before_id' cannot be used together.", "before_id", "invalid_parameter_combination");
        int end = before ?? ids.Count;
        int start = before is null ? after + 1 ?? 0 : Math.Max(0, end - limit);
        MessageModel[] page = [.. ids.Take(end).Skip(start).Take(limit).Select(id => Model(id, started))];
        bool hasMore = before is null ? start + page.Length < end : start > 0;
        return new MessageModelList(page, hasMore, page.FirstOrDefault()?.Id, page.LastOrDefault()?.Id);
    }

    /// <summary>One served model.</summary>
    public static MessageModel Model(string id, long started) =>
        new(id, id, DateTimeOffset.FromUnixTimeSeconds(started).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));

    private static int Limit(string given)
    {
        if (given.Length == 0)
            return DefaultLimit;
        if (!int.TryParse(given, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int limit))
            throw Fault.Type("limit", "an integer", "a string");
        return limit switch
        {
            < 1 => throw Fault.BelowMinimum("limit", "integer", 1, given),
            > MaxLimit => throw Fault.AboveMaximum("limit", "integer", MaxLimit, given),
            _ => limit,
        };
    }

    private static int? Place(IReadOnlyList<string> ids, string id, string param)
    {
        if (id.Length == 0)
            return null;
        for (int i = 0; i < ids.Count; i++)
        {
            if (ids[i] == id)
                return i;
        }
        throw Fault.Of($"Invalid value: '{id}'. It is none of the served models.", param, "invalid_value");
    }
}
