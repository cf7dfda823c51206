using System.ComponentModel.DataAnnotations;
using Gemma4.Server.Access;
using Gemma4.Server.Errors;
using Gemma4.Server.Mapping;
using Gemma4.Server.Mapping.Files;
using Gemma4.Server.Mapping.OpenAI;
using Gemma4.Server.OpenAI;
using Gemma4.Server.OpenAI.Batches;
using Gemma4.Server.OpenAI.Files;
using Gemma4.Server.Serving;
using Gemma4.Server.Storage;

namespace Gemma4.Server.Endpoints;

/// <summary>Batches: files of requests that are answered in the time that others leave.</summary>
internal static class BatchEndpoints
{
    private static readonly long Window = (long)TimeSpan.FromHours(24).TotalSeconds;

    public static void MapBatches(this IEndpointRouteBuilder app)
    {
        RouteGroupBuilder group = app.MapGroup("/v1/batches").WithTags("Batches");
        group.MapPost("", CreateAsync).WithName("createBatch").WithSummary("Answer a file of requests in the time that others leave")
            .Accepts<BatchRequest>("application/json").Produces<Batch>().ProducesErrorOrNotFound();
        group.MapGet("", ListAsync).WithName("listBatches").WithSummary("Batches, the newest first").Produces<BatchList>().ProducesErrorOfAnyRequest();
        group.MapGet("/{id}", RetrieveAsync).WithName("retrieveBatch").WithSummary("How a batch stands").Produces<Batch>().ProducesErrorOrNotFound();
        group.MapPost("/{id}/cancel", CancelAsync).WithName("cancelBatch").WithSummary("End a batch; what is answered is kept").Produces<Batch>().ProducesErrorOrNotFound();
    }

    private static async Task<IResult> CreateAsync(
        HttpContext context, RequestReader reader, Store store, BatchStore batches, FileStore files, ModelNames names, ServerClock clock)
    {
        if (!store.Keeps)
            throw Fault.Of("This server is told to keep nothing (option Storage:MaxEntries), and a batch is kept while it is answered.", null, "unsupported_url");
        BatchRequest request = await reader.ReadAsync(context, OpenAIJson.Context.BatchRequest, null);
        FieldRules.CheckMetadata(request.Metadata);
        Caller caller = Caller.Of(context);
        StoredFile file = await files.FindAsync(caller, request.InputFileId, context.RequestAborted) ?? throw FileFaults.NotFound(request.InputFileId);
        if (file.Purpose != "batch")
            throw Fault.Of($"The file {file.Id} was sent with purpose '{file.Purpose}'; a file of requests is sent with purpose 'batch'.", "input_file_id", "invalid_file_purpose");
        var batch = new Batch
        {
            Id = AnswerHead.NewId("batch_"),
            Endpoint = request.Endpoint,
            Model = names.Primary,
            InputFileId = file.Id,
            CompletionWindow = request.CompletionWindow,
            Status = BatchStatus.Validating,
            CreatedAt = clock.Now,
            ExpiresAt = clock.Now + Window,
            Metadata = request.Metadata,
        };
        return await batches.TryAddAsync(caller, batch, request, context.RequestAborted)
            ? Results.Json(batch, OpenAIJson.Context.Batch)
            : throw FileFaults.NotFound(file.Id);
    }

    private static async Task<IResult> ListAsync(HttpContext context, BatchStore batches, [Range(1, PageQuery.MaxLimit)] int? limit, string? after)
    {
        PageRequest page = PageQuery.Read(limit, null, after);
        StoredPage<Batch> found = page.After is { } id && await batches.FindAsync(Caller.Of(context), id, context.RequestAborted) is null
            ? new StoredPage<Batch>([], false)
            : await batches.ListAsync(Caller.Of(context), page, context.RequestAborted);
        return Results.Json(new BatchList([.. found.Items], found.HasMore), OpenAIJson.Context.BatchList);
    }

    private static async Task<IResult> RetrieveAsync(string id, HttpContext context, BatchStore batches) =>
        Results.Json(await batches.FindAsync(Caller.Of(context), id, context.RequestAborted) ?? throw NotFound(id), OpenAIJson.Context.Batch);

    private static async Task<IResult> CancelAsync(string id, HttpContext context, BatchStore batches) =>
        Results.Json(await batches.CancelAsync(Caller.Of(context), id, context.RequestAborted) ?? throw NotFound(id), OpenAIJson.Context.Batch);

    private static ApiException NotFound(string id) => new(new ApiError(StatusCodes.Status404NotFound, $"No batch found with id '{id}'.", ApiError.InvalidRequest, "batch_id"));
}
