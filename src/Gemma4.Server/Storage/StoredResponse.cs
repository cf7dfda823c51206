using System.Collections.Immutable;
using Gemma4.Server.OpenAI.Responses;

namespace Gemma4.Server.Storage;

/// <summary>What a response goes on from.</summary>
/// <param name="Parent">Where those items are kept; null where they are not.</param>
/// <param name="Items">The items.</param>
internal sealed record EarlierItems(EntryParent? Parent, ImmutableArray<ResponseItem> Items)
{
    /// <summary>Nothing.</summary>
    public static EarlierItems None { get; } = new(null, []);
}

/// <summary>A response that is to be kept, with what is needed to show it and to go on from it.</summary>
/// <param name="Response">As it was answered.</param>
/// <param name="Input">The items of its request.</param>
/// <param name="Earlier">The items before those.</param>
internal sealed record StoredResponse(ResponseObject Response, ImmutableArray<ResponseItem> Input, EarlierItems Earlier);
