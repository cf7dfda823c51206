using System.ComponentModel.DataAnnotations;
using Gemma4.Server.Access;
using Gemma4.Server.Errors;
using Gemma4.Server.OpenAI;
using Gemma4.Server.OpenAI.Responses;
using Gemma4.Server.Storage;

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
            .Produces<ResponseObject>().ProducesErrorOrNotFound();
        group.MapDelete(Id, Delete).WithName("deleteResponse").WithSummary("Forget a response")
            .Produces<ResponseDeleted>().ProducesErrorOrNotFound();
        group.MapPost(Id + "/cancel", Cancel).WithName("cancelResponse")
            .WithSummary("Refused: responses are not made in the background; closing the connection cancels them").ProducesErrorOrNotFound();
        group.MapGet(Id + "/input_items", ListInput).WithName("listResponseInputItems").WithSummary("What was put into a response")
            .Produces<ResponseItemList>().ProducesErrorOrNotFound();
    }

    private static IResult Retrieve(string id, HttpContext context, ResponseStore store, bool? stream)
    {
        StoredResponse stored = Find(id, context, store);
        if (stream == true)
            throw Fault.UnsupportedParameter("stream", "is not supported here: only responses made in the background can be streamed again.");
        return Results.Json(stored.Response, OpenAIJson.Context.ResponseObject);
    }

    private static IResult Delete(string id, HttpContext context, ResponseStore store) => store.Remove(Caller.Of(context), id)
        ? Results.Json(new ResponseDeleted(id), OpenAIJson.Context.ResponseDeleted)
        : throw NotFound(id);

    private static IResult Cancel(string id, HttpContext context, ResponseStore store)
    {
        _ = Find(id, context, store);
        throw Fault.Of("Cannot cancel a synchronous response.");
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
