using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Gemma4.Server.Access;
using Gemma4.Server.Mapping;
using Gemma4.Server.Mapping.OpenAI;
using Gemma4.Server.Mapping.Responses;
using Gemma4.Server.OpenAI;
using Gemma4.Server.OpenAI.Conversations;
using Gemma4.Server.OpenAI.Responses;
using Gemma4.Server.Serving;
using Gemma4.Server.Storage;

namespace Gemma4.Server.Endpoints;

/// <summary>Conversations: items that are kept, which responses go on from and add to.</summary>
internal static class ConversationEndpoints
{
    public static void MapConversations(this IEndpointRouteBuilder app)
    {
        RouteGroupBuilder group = app.MapGroup("/v1/conversations").WithTags("Conversations");
        group.MapPost("", CreateAsync).WithName("createConversation").WithSummary("Begin a conversation")
            .Accepts<ConversationRequest>("application/json").Produces<Conversation>().ProducesError();
        group.MapGet("/{id}", RetrieveAsync).WithName("retrieveConversation").WithSummary("A conversation")
            .Produces<Conversation>().ProducesErrorOrNotFound();
        group.MapPost("/{id}", UpdateAsync).WithName("updateConversation").WithSummary("Give a conversation other metadata")
            .Accepts<ConversationUpdate>("application/json").Produces<Conversation>().ProducesError();
        group.MapDelete("/{id}", DeleteAsync).WithName("deleteConversation").WithSummary("Forget a conversation")
            .Produces<ConversationDeleted>().ProducesErrorOrNotFound();
        group.MapGet("/{id}/items", ListAsync).WithName("listConversationItems").WithSummary("The items of a conversation")
            .Produces<ResponseItemList>().ProducesErrorOrNotFound();
        group.MapPost("/{id}/items", AppendAsync).WithName("createConversationItems").WithSummary("Add items to a conversation")
            .Accepts<ConversationItems>("application/json").Produces<ResponseItemList>().ProducesError();
        group.MapGet("/{id}/items/{itemId}", RetrieveItemAsync).WithName("retrieveConversationItem").WithSummary("An item of a conversation")
            .Produces<ResponseItem>().ProducesErrorOrNotFound();
        group.MapDelete("/{id}/items/{itemId}", DeleteItemAsync).WithName("deleteConversationItem").WithSummary("Forget an item of a conversation")
            .Produces<Conversation>().ProducesErrorOrNotFound();
    }

    private static async Task<IResult> CreateAsync(HttpContext context, RequestReader reader, ConversationStore store, CallerStores stores, ServerClock clock)
    {
        ConversationRequest request = await reader.ReadAsync(context, OpenAIJson.Context.ConversationRequest, null);
        FieldRules.CheckMetadata(request.Metadata);
        ImmutableArray<ResponseItem> items = await ResponseItems.OfAsync(request.Items ?? [], "items", stores.Responses(context), context.RequestAborted);
        var conversation = new Conversation { Id = AnswerHead.NewId("conv_"), CreatedAt = clock.Now, Metadata = request.Metadata ?? [] };
        await store.AddAsync(Caller.Of(context), conversation, items, context.RequestAborted);
        return Results.Json(conversation, OpenAIJson.Context.Conversation);
    }

    private static async Task<IResult> RetrieveAsync(string id, HttpContext context, ConversationStore store) => Results.Json(
        await store.FindAsync(Caller.Of(context), id, context.RequestAborted) ?? throw ConversationFaults.NotFound(id), OpenAIJson.Context.Conversation);

    private static async Task<IResult> UpdateAsync(string id, HttpContext context, RequestReader reader, ConversationStore store)
    {
        ConversationUpdate update = await reader.ReadAsync(context, OpenAIJson.Context.ConversationUpdate, null);
        FieldRules.CheckMetadata(update.Metadata);
        return Results.Json(
            await store.UpdateAsync(Caller.Of(context), id, update.Metadata, context.RequestAborted) ?? throw ConversationFaults.NotFound(id), OpenAIJson.Context.Conversation);
    }

    private static async Task<IResult> DeleteAsync(string id, HttpContext context, ConversationStore store) =>
        await store.RemoveAsync(Caller.Of(context), id, context.RequestAborted)
            ? Results.Json(new ConversationDeleted(id), OpenAIJson.Context.ConversationDeleted)
            : throw ConversationFaults.NotFound(id);

    private static async Task<IResult> ListAsync(
        string id, HttpContext context, ConversationStore store,
        [Range(1, PageQuery.MaxLimit)] int? limit, [AllowedValues("asc", "desc")] string? order, string? after)
    {
        // Whose it is comes before what is wrong with the rest.
        if (await store.FindAsync(Caller.Of(context), id, context.RequestAborted) is null)
            throw ConversationFaults.NotFound(id);
        StoredPage<ResponseItem> page = await store.ItemsAsync(Caller.Of(context), id, PageQuery.Read(limit, order, after), context.RequestAborted)
            ?? throw ConversationFaults.NotFound(id);
        return Results.Json(Listed([.. page.Items], page.HasMore), OpenAIJson.Context.ResponseItemList);
    }

    private static async Task<IResult> AppendAsync(string id, HttpContext context, RequestReader reader, ConversationStore store, CallerStores stores)
    {
        ConversationItems added = await reader.ReadAsync(context, OpenAIJson.Context.ConversationItems, null);
        ImmutableArray<ResponseItem> items = await ResponseItems.OfAsync(added.Items, "items", stores.Responses(context), context.RequestAborted);
        if (await store.AppendAsync(Caller.Of(context), id, items, context.RequestAborted) is null)
            throw ConversationFaults.NotFound(id);
        return Results.Json(Listed([.. items], false), OpenAIJson.Context.ResponseItemList);
    }

    private static async Task<IResult> RetrieveItemAsync(string id, string itemId, HttpContext context, ConversationStore store)
    {
        if (await store.FindItemAsync(Caller.Of(context), id, itemId, context.RequestAborted) is { } item)
            return Results.Json(item, OpenAIJson.Context.ResponseItem);
        throw await store.FindAsync(Caller.Of(context), id, context.RequestAborted) is null ? ConversationFaults.NotFound(id) : ConversationFaults.ItemNotFound(id, itemId);
    }

    private static async Task<IResult> DeleteItemAsync(string id, string itemId, HttpContext context, ConversationStore store)
    {
        ItemRemoval removal = await store.RemoveItemAsync(Caller.Of(context), id, itemId, context.RequestAborted) ?? throw ConversationFaults.NotFound(id);
        return removal.WasThere ? Results.Json(removal.Conversation, OpenAIJson.Context.Conversation) : throw ConversationFaults.ItemNotFound(id, itemId);
    }

    private static ResponseItemList Listed(ResponseItem[] items, bool hasMore) => new(items, items.FirstOrDefault()?.Id ?? "", items.LastOrDefault()?.Id ?? "", hasMore);
}
