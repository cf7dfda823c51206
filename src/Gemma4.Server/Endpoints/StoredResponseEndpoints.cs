using System.ComponentModel.DataAnnotations;
using Gemma4.Server.Errors;
using Gemma4.Server.Mapping.Responses;
using Gemma4.Server.OpenAI;
using Gemma4.Server.OpenAI.Responses;
using Gemma4.Server.Storage;
using Microsoft.AspNetCore.Mvc;

namespace Gemma4.Server.Endpoints;

/// <summary>Responses that are kept: read, their input listed, cancelled, deleted.</summary>
internal static class StoredResponseEndpoints
{
    /// <summary>Any name but that of an endpoint beside it, so that other methods there are refused as such.</summary>
    private const string Id = "/{id:regex(^(?!input_tokens$))}";

    /// <summary>How long the end of a response that another server makes is waited for, and how often it is asked for.</summary>
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(10), Pause = TimeSpan.FromMilliseconds(200);

    public static void MapStoredResponses(this RouteGroupBuilder group)
    {
        group.MapGet(Id, RetrieveAsync).WithName("retrieveResponse").WithSummary("A response that is kept")
            .Produces<ResponseObject>().ProducesEvents(typeof(ResponseStreamEvent)).ProducesErrorOrNotFound();
        group.MapDelete(Id, DeleteAsync).WithName("deleteResponse").WithSummary("Forget a response")
            .Produces<ResponseDeleted>().ProducesErrorOrNotFound();
        group.MapPost(Id + "/cancel", CancelAsync).WithName("cancelResponse").WithSummary("End a response that is made in the background")
            .Produces<ResponseObject>().ProducesErrorOrNotFound();
        group.MapGet(Id + "/input_items", ListInputAsync).WithName("listResponseInputItems").WithSummary("What was put into a response")
            .Produces<ResponseItemList>().ProducesErrorOrNotFound();
    }

    private static async Task<IResult> RetrieveAsync(
        string id, HttpContext context, CallerStores stores, BackgroundResponses background, bool? stream,
        [FromQuery(Name = "starting_after"), Range(0, int.MaxValue)] int? startingAfter)
    {
        CallerResponses stored = stores.Responses(context);
        ResponseObject response = await stored.FindAsync(id, context.RequestAborted) ?? throw NotFound(id);
        if (startingAfter is < 0)
            throw Fault.BelowMinimum("starting_after", "integer", 0, $"{startingAfter}");
        if (startingAfter is not null && stream != true)
            throw Fault.Of("The 'starting_after' parameter is only allowed when 'stream' is enabled.", "starting_after");
        BackgroundResponse? live = response.Background ? background.Find(id) : null;
        if (stream != true)
            return Results.Json(live?.Response ?? response, OpenAIJson.Context.ResponseObject);
        return response.Background
            ? new ReplayResult(id, live, stored, startingAfter ?? -1)
            : throw Fault.UnsupportedParameter("stream", "is not supported here: only responses made in the background can be streamed again.");
    }

    /// <summary>Forgets a response; one that is still being made ends.</summary>
    private static async Task<IResult> DeleteAsync(string id, HttpContext context, CallerStores stores, BackgroundResponses background)
    {
        if (!await stores.Responses(context).RemoveAsync(id, context.RequestAborted))
            throw NotFound(id);
        if (background.Find(id) is { } live)
            await live.CancelAsync(context.RequestAborted);
        return Results.Json(new ResponseDeleted(id), OpenAIJson.Context.ResponseDeleted);
    }

    /// <summary>Cancelling one that has ended changes nothing.</summary>
    private static async Task<IResult> CancelAsync(string id, HttpContext context, CallerStores stores, BackgroundResponses background, TimeProvider time)
    {
        CallerResponses stored = stores.Responses(context);
        ResponseProgress progress = await stored.CancelAsync(id, context.RequestAborted) ?? throw NotFound(id);
        if (!progress.Response.Background)
            throw Fault.Of("Cannot cancel a synchronous response.");
        if (background.Find(id) is { } live)
        {
            await live.CancelAsync(context.RequestAborted);
            return Results.Json(live.Response, OpenAIJson.Context.ResponseObject);
        }
        // Another server makes it, and learns of it when it writes down what it has.
        long began = time.GetTimestamp();
        while (progress.IsRunning && time.GetElapsedTime(began) < MaxWait)
        {
            await Task.Delay(Pause, time, context.RequestAborted);
            progress = await stored.ProgressAsync(id, context.RequestAborted) ?? throw NotFound(id);
        }
        return Results.Json(progress.Response, OpenAIJson.Context.ResponseObject);
    }

    private static async Task<IResult> ListInputAsync(
        string id, HttpContext context, CallerStores stores,
        [Range(1, PageQuery.MaxLimit)] int? limit, [AllowedValues("asc", "desc")] string? order, string? after)
    {
        CallerResponses stored = stores.Responses(context);
        // Whose it is comes before what is wrong with the rest.
        if (await stored.FindAsync(id, context.RequestAborted) is null)
            throw NotFound(id);
        StoredPage<ResponseItem> page = await stored.InputAsync(id, PageQuery.Read(limit, order, after), context.RequestAborted) ?? throw NotFound(id);
        return Results.Json(
            new ResponseItemList([.. page.Items], page.Items.FirstOrDefault()?.Id ?? "", page.Items.LastOrDefault()?.Id ?? "", page.HasMore),
            OpenAIJson.Context.ResponseItemList);
    }

    private static ApiException NotFound(string id) => new(new ApiError(
        StatusCodes.Status404NotFound, $"Response with id '{id}' not found.", ApiError.InvalidRequest, "response_id"));
}
