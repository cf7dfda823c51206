using System.ComponentModel.DataAnnotations;
using Gemma4.Server.Access;
using Gemma4.Server.Errors;
using Gemma4.Server.Mapping;
using Gemma4.Server.Mapping.OpenAI;
using Gemma4.Server.OpenAI;
using Gemma4.Server.OpenAI.Chat;
using Gemma4.Server.Storage;

namespace Gemma4.Server.Endpoints;

/// <summary>Chat completions that are kept: listed, read, given other metadata, deleted.</summary>
internal static class StoredCompletionEndpoints
{
    private const string Metadata = "metadata[";

    /// <summary>Any name but that of an endpoint beside it, so that other methods there are refused as such.</summary>
    private const string Id = "/{id:regex(^(?!render$))}";

    public static void MapStoredCompletions(this IEndpointRouteBuilder app)
    {
        RouteGroupBuilder group = app.MapGroup("/v1/chat/completions").WithTags("Chat");
        group.MapGet("", ListAsync).WithName("listChatCompletions").WithSummary("Chat completions that are kept; metadata[KEY]=VALUE lists those that have it")
            .Produces<ChatCompletionList>().ProducesErrorOfAnyRequest();
        group.MapGet(Id, RetrieveAsync).WithName("retrieveChatCompletion").WithSummary("A chat completion that is kept")
            .Produces<ChatCompletion>().ProducesErrorOrNotFound();
        group.MapPost(Id, UpdateAsync).WithName("updateChatCompletion").WithSummary("Give a chat completion other metadata")
            .Accepts<ChatCompletionUpdate>("application/json").Produces<ChatCompletion>().ProducesError();
        group.MapDelete(Id, DeleteAsync).WithName("deleteChatCompletion").WithSummary("Forget a chat completion")
            .Produces<ChatCompletionDeleted>().ProducesErrorOrNotFound();
        group.MapGet(Id + "/messages", ListMessagesAsync).WithName("listChatCompletionMessages").WithSummary("What was put into a chat completion")
            .Produces<StoredMessageList>().ProducesErrorOrNotFound();
    }

    private static async Task<IResult> ListAsync(
        HttpContext context, ChatStore store, [Range(1, PageQuery.MaxLimit)] int? limit, [AllowedValues("asc", "desc")] string? order, string? after, string? model)
    {
        PageRequest page = PageQuery.Read(limit, order, after, isAscending: true);
        Dictionary<string, string> metadata = context.Request.Query
            .Where(pair => pair.Key.StartsWith(Metadata, StringComparison.Ordinal) && pair.Key.EndsWith(']'))
            .ToDictionary(pair => pair.Key[Metadata.Length..^1], pair => pair.Value.ToString(), StringComparer.Ordinal);
        if (metadata.Count > 16)
            throw Fault.Of("'metadata' has more than 16 entries.", "metadata");
        StoredPage<ChatCompletion> found = page.After is { } id && await store.FindAsync(Caller.Of(context), id, context.RequestAborted) is null
            ? new StoredPage<ChatCompletion>([], false)
            : await store.ListAsync(Caller.Of(context), page, model, metadata, context.RequestAborted);
        return Results.Json(
            new ChatCompletionList([.. found.Items], found.Items.FirstOrDefault()?.Id ?? "", found.Items.LastOrDefault()?.Id ?? "", found.HasMore),
            OpenAIJson.Context.ChatCompletionList);
    }

    private static async Task<IResult> RetrieveAsync(string id, HttpContext context, ChatStore store) =>
        Results.Json(await store.FindAsync(Caller.Of(context), id, context.RequestAborted) ?? throw NotFound(id), OpenAIJson.Context.ChatCompletion);

    private static async Task<IResult> UpdateAsync(string id, HttpContext context, RequestReader reader, ChatStore store)
    {
        ChatCompletionUpdate update = await reader.ReadAsync(context, OpenAIJson.Context.ChatCompletionUpdate, null);
        FieldRules.CheckMetadata(update.Metadata);
        return Results.Json(
            await store.UpdateAsync(Caller.Of(context), id, update.Metadata ?? [], context.RequestAborted) ?? throw NotFound(id), OpenAIJson.Context.ChatCompletion);
    }

    private static async Task<IResult> DeleteAsync(string id, HttpContext context, ChatStore store) =>
        await store.RemoveAsync(Caller.Of(context), id, context.RequestAborted)
            ? Results.Json(new ChatCompletionDeleted(id), OpenAIJson.Context.ChatCompletionDeleted)
            : throw NotFound(id);

    private static async Task<IResult> ListMessagesAsync(
        string id, HttpContext context, ChatStore store,
        [Range(1, PageQuery.MaxLimit)] int? limit, [AllowedValues("asc", "desc")] string? order, string? after)
    {
        // Whose it is comes before what is wrong with the rest.
        if (await store.FindAsync(Caller.Of(context), id, context.RequestAborted) is null)
            throw NotFound(id);
        StoredPage<StoredMessage> page = await store.MessagesAsync(Caller.Of(context), id, PageQuery.Read(limit, order, after, isAscending: true), context.RequestAborted)
            ?? throw NotFound(id);
        return Results.Json(
            new StoredMessageList([.. page.Items], page.Items.FirstOrDefault()?.Id ?? "", page.Items.LastOrDefault()?.Id ?? "", page.HasMore),
            OpenAIJson.Context.StoredMessageList);
    }

    private static ApiException NotFound(string id) => new(new ApiError(
        StatusCodes.Status404NotFound, $"Chat completion with id '{id}' not found.", ApiError.InvalidRequest, "completion_id"));
}
