using System.ComponentModel.DataAnnotations;
using Gemma4.Server.Access;
using Gemma4.Server.Errors;
using Gemma4.Server.Mapping.Responses;
using Gemma4.Server.OpenAI;
using Gemma4.Server.OpenAI.Responses;
using Gemma4.Server.Storage;
using Microsoft.AspNetCore.Mvc;

namespace Gemma4.Server.Endpoints;

/// <summary>Responses that are kept: read, their input listed, deleted.</summary>
internal static class StoredResponseEndpoints
{
    private const int DefaultLimit = 20;
    private const int MaxLimit = 100;

    /// <summary>Any name but that of an endpoint beside it, so that other methods there are refused as such.</summary>
    private const string Id = "/{id:regex(^(?!input_tokens$))}";

    public static void MapStoredResponses(this RouteGroupBuilder group)
    {
        group.MapGet(Id, Retrieve).WithName("retrieveResponse").WithSummary("A response that is kept")
            .Produces<ResponseObject>().ProducesEvents(typeof(ResponseStreamEvent)).ProducesErrorOrNotFound();
        group.MapDelete(Id, DeleteAsync).WithName("deleteResponse").WithSummary("Forget a response")
            .Produces<ResponseDeleted>().ProducesErrorOrNotFound();
        group.MapPost(Id + "/cancel", CancelAsync).WithName("cancelResponse").WithSummary("End a response that is made in the background")
            .Produces<ResponseObject>().ProducesErrorOrNotFound();
        group.MapGet(Id + "/input_items", ListInput).WithName("listResponseInputItems").WithSummary("What was put into a response")
            .Produces<ResponseItemList>().ProducesErrorOrNotFound();
    }

    private static IResult Retrieve(
        string id, HttpContext context, ResponseStore store, bool? stream, [FromQuery(Name = "starting_after"), Range(0, int.MaxValue)] int? startingAfter)
    {
        StoredResponse stored = Find(id, context, store);
        if (startingAfter is < 0)
            throw Fault.BelowMinimum("starting_after", "integer", 0, $"{startingAfter}");
        if (startingAfter is not null && stream != true)
            throw Fault.Of("The 'starting_after' parameter is only allowed when 'stream' is enabled.", "starting_after");
        if (stream != true)
            return Results.Json(stored.Current, OpenAIJson.Context.ResponseObject);
        return stored.Background is { } background
            ? new ReplayResult(background, startingAfter ?? -1)
            : throw Fault.UnsupportedParameter("stream", "is not supported here: only responses made in the background can be streamed again.");
    }

    /// <summary>Forgets a response; one that is still being made ends.</summary>
    private static async Task<IResult> DeleteAsync(string id, HttpContext context, ResponseStore store)
    {
        StoredResponse stored = Find(id, context, store);
        store.Remove(Caller.Of(context), id);
        if (stored.Background is { } background)
            await background.CancelAsync(context.RequestAborted);
        return Results.Json(new ResponseDeleted(id), OpenAIJson.Context.ResponseDeleted);
    }

    /// <summary>Cancelling one that has ended changes nothing.</summary>
    private static async Task<IResult> CancelAsync(string id, HttpContext context, ResponseStore store)
    {
        BackgroundResponse background = Find(id, context, store).Background ?? throw Fault.Of("Cannot cancel a synchronous response.");
        await background.CancelAsync(context.RequestAborted);
        return Results.Json(background.Response, OpenAIJson.Context.ResponseObject);
    }

    private static IResult ListInput(
        string id, HttpContext context, ResponseStore store,
        [Range(1, MaxLimit)] int? limit, [AllowedValues("asc", "desc")] string? order, string? after)
    {
        StoredResponse stored = Find(id, context, store);
        if (limit is < 1)
            throw Fault.BelowMinimum("limit", "integer", 1, $"{limit}");
        if (limit > MaxLimit)
            throw Fault.AboveMaximum("limit", "integer", MaxLimit, $"{limit}");
        if (order is not (null or "asc" or "desc"))
            throw Fault.Value("order", order, ["asc", "desc"]);
        IEnumerable<ResponseItem> items = order == "asc" ? stored.Input : stored.Input.Reverse();
        if (after is not null)
            items = items.SkipWhile(i => i.Id != after).Skip(1);
        ResponseItem[] rest = [.. items];
        ResponseItem[] page = [.. rest.Take(limit ?? DefaultLimit)];
        return Results.Json(
            new ResponseItemList(page, page.FirstOrDefault()?.Id ?? "", page.LastOrDefault()?.Id ?? "", rest.Length > page.Length),
            OpenAIJson.Context.ResponseItemList);
    }

    private static StoredResponse Find(string id, HttpContext context, ResponseStore store) => store.Find(Caller.Of(context), id) ?? throw NotFound(id);

    private static ApiException NotFound(string id) => new(new ApiError(
        StatusCodes.Status404NotFound, $"Response with id '{id}' not found.", ApiError.InvalidRequest, "response_id"));
}
