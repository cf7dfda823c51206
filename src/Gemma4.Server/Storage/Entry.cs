using System.Collections.Immutable;

namespace Gemma4.Server.Storage;

/// <summary>The kinds of entries.</summary>
internal static class EntryKinds
{
    public const string Response = "response", Chat = "chat", Conversation = "conversation", File = "file", Batch = "batch";
}

/// <summary>How an item came into its entry.</summary>
internal enum ItemRole
{
    /// <summary>It stood before the entry, in one that is gone.</summary>
    Earlier,

    /// <summary>It was sent.</summary>
    Input,

    /// <summary>It was generated.</summary>
    Output,

    /// <summary>It came out of a batch as a refusal or fault.</summary>
    Failed,
}

/// <summary>An item as it is kept.</summary>
/// <param name="Role">How it came in.</param>
/// <param name="Id">Its id; null where it cannot be asked for.</param>
/// <param name="Body">JSON.</param>
internal sealed record EntryItem(ItemRole Role, string? Id, byte[] Body)
{
    /// <summary>Place within its entry; set where it was read.</summary>
    public long Position { get; init; }
}

/// <summary>Where an entry goes on from.</summary>
/// <param name="Key">The entry whose items stand before its own.</param>
/// <param name="Until">Only those at smaller positions; null for all.</param>
internal sealed record EntryParent(long Key, long? Until);

/// <summary>An entry to be kept.</summary>
/// <param name="Kind">One of <see cref="EntryKinds"/>.</param>
/// <param name="Id">As the API names it.</param>
/// <param name="Model">As the request named it.</param>
/// <param name="Created">Milliseconds since 1970.</param>
/// <param name="Body">JSON.</param>
internal sealed record NewEntry(string Kind, string Id, string Model, long Created, byte[] Body)
{
    /// <summary>Its items, in order.</summary>
    public ImmutableArray<EntryItem> Items { get; init; } = [];

    /// <summary>What it goes on from; null for nothing.</summary>
    public EntryParent? Parent { get; init; }

    /// <summary>From when on it is not there, in milliseconds since 1970; null leaves it to the retention.</summary>
    public long? Expires { get; init; }

    /// <summary>What it is found by.</summary>
    public ImmutableArray<string> Tags { get; init; } = [];
}

/// <summary>An entry that is kept.</summary>
/// <param name="Key">Its number.</param>
/// <param name="Id">As the API names it.</param>
/// <param name="Created">Milliseconds since 1970.</param>
/// <param name="Body">JSON.</param>
internal sealed record StoredEntry(long Key, string Id, long Created, byte[] Body);

/// <summary>A page of a list.</summary>
/// <param name="Items">What is on it.</param>
/// <param name="HasMore">Whether others follow.</param>
internal sealed record StoredPage<T>(ImmutableArray<T> Items, bool HasMore);

/// <summary>Which page of a list is asked for.</summary>
/// <param name="Limit">Most items.</param>
/// <param name="After">The id that it comes after; null for the first page.</param>
/// <param name="IsAscending">Oldest first.</param>
internal sealed record PageRequest(int Limit, string? After, bool IsAscending);
