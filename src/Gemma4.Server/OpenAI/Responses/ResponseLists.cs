namespace Gemma4.Server.OpenAI.Responses;

/// <summary>Items that were put into a response.</summary>
/// <param name="Data">The items of this page.</param>
/// <param name="FirstId">The first one's id.</param>
/// <param name="LastId">The last one's id.</param>
/// <param name="HasMore">Whether others follow.</param>
internal sealed record ResponseItemList(ResponseItem[] Data, string FirstId, string LastId, bool HasMore)
{
    /// <summary>Always <c>list</c>.</summary>
    public string Object { get; init; } = "list";
}

/// <summary>A response that is kept no more.</summary>
/// <param name="Id">Its id.</param>
internal sealed record ResponseDeleted(string Id)
{
    /// <summary>Always <c>response</c>.</summary>
    public string Object { get; init; } = "response";

    /// <summary>Always true.</summary>
    public bool Deleted { get; init; } = true;
}

/// <summary>How many tokens a request's prompt would have.</summary>
/// <param name="InputTokens">The tokens.</param>
internal sealed record ResponseInputTokens(int InputTokens)
{
    /// <summary>Always <c>response.input_tokens</c>.</summary>
    public string Object { get; init; } = "response.input_tokens";
}
