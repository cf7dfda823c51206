using System.ComponentModel.DataAnnotations;
using Gemma4.Server.Access;
using Gemma4.Server.Errors;
using Gemma4.Server.Mapping;
using Gemma4.Server.Mapping.Files;
using Gemma4.Server.OpenAI;
using Gemma4.Server.OpenAI.Files;
using Gemma4.Server.Pipeline;
using Gemma4.Server.Serving;
using Gemma4.Server.Settings;
using Gemma4.Server.Storage;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Endpoints;

/// <summary>Files: sent in, read, listed, deleted.</summary>
internal static class FileEndpoints
{
    /// <summary>Room for the form around the file.</summary>
    private const int FormBytes = 1 << 20;

    /// <summary>Most files of a page, as OpenAI has it.</summary>
    private const int MaxLimit = 10_000;

    public static void MapFiles(this IEndpointRouteBuilder app)
    {
        RouteGroupBuilder group = app.MapGroup("/v1/files").WithTags("Files");
        group.MapPost("", CreateAsync).WithName("createFile").WithSummary("Keep a file")
            .Accepts<FileFields>("multipart/form-data").Produces<StoredFile>().ProducesError().DisableAntiforgery();
        group.MapGet("", ListAsync).WithName("listFiles").WithSummary("Files that are kept").Produces<StoredFileList>().ProducesErrorOfAnyRequest();
        group.MapGet("/{id}", RetrieveAsync).WithName("retrieveFile").WithSummary("A file that is kept").Produces<StoredFile>().ProducesErrorOrNotFound();
        group.MapDelete("/{id}", DeleteAsync).WithName("deleteFile").WithSummary("Forget a file").Produces<StoredFileDeleted>().ProducesErrorOrNotFound();
        group.MapGet("/{id}/content", ContentAsync).WithName("downloadFile").WithSummary("The bytes of a file, whole or a range of them")
            .Produces(StatusCodes.Status200OK, contentType: "application/octet-stream").ProducesErrorOrNotFound();
    }

    private static async Task<IResult> CreateAsync(HttpContext context, FileForm form, FileStore store, ServerClock clock, IOptions<StorageOptions> options)
    {
        // A file goes to the database part by part: it may be larger than a body that is held.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = options.Value.MaxFileBytes + FormBytes;
        BodyAdmission.PassOn(context);
        Caller caller = Caller.Of(context);
        FileUpload upload = await form.ReadAsync(context, content => store.WriteAsync(caller, content, context.RequestAborted));
        try
        {
            upload.Check();
            var file = new StoredFile
            {
                Id = AnswerHead.NewId("file-"),
                Bytes = upload.Content!.Length,
                CreatedAt = clock.Now,
                ExpiresAt = clock.Now + upload.ExpiresAfterSeconds,
                Filename = upload.Filename!,
                Purpose = upload.Purpose!,
            };
            await store.AddAsync(caller, file, upload.Content, context.RequestAborted);
            return Results.Json(file, OpenAIJson.Context.StoredFile);
        }
        catch when (upload.Content is not null)
        {
            await store.ForgetAsync(caller, upload.Content!);
            throw;
        }
    }

    private static async Task<IResult> ListAsync(
        HttpContext context, FileStore store, [Range(1, MaxLimit)] int? limit, [AllowedValues("asc", "desc")] string? order, string? after, string? purpose)
    {
        PageRequest page = PageQuery.Read(limit, order, after, maxLimit: MaxLimit, defaultLimit: MaxLimit);
        StoredPage<StoredFile> found = page.After is { } id && await store.FindAsync(Caller.Of(context), id, context.RequestAborted) is null
            ? new StoredPage<StoredFile>([], false)
            : await store.ListAsync(Caller.Of(context), page, purpose, context.RequestAborted);
        return Results.Json(
            new StoredFileList([.. found.Items], found.Items.FirstOrDefault()?.Id ?? "", found.Items.LastOrDefault()?.Id ?? "", found.HasMore),
            OpenAIJson.Context.StoredFileList);
    }

    private static async Task<IResult> RetrieveAsync(string id, HttpContext context, FileStore store) =>
        Results.Json(await store.FindAsync(Caller.Of(context), id, context.RequestAborted) ?? throw FileFaults.NotFound(id), OpenAIJson.Context.StoredFile);

    private static async Task<IResult> DeleteAsync(string id, HttpContext context, FileStore store) =>
        await store.RemoveAsync(Caller.Of(context), id, context.RequestAborted)
            ? Results.Json(new StoredFileDeleted(id), OpenAIJson.Context.StoredFileDeleted)
            : throw FileFaults.NotFound(id);

    private static async Task<IResult> ContentAsync(string id, HttpContext context, FileStore store)
    {
        Caller caller = Caller.Of(context);
        StoredFile file = await store.FindAsync(caller, id, context.RequestAborted) ?? throw FileFaults.NotFound(id);
        // A browser that is led here must not run what somebody has put in.
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return Results.Stream(
            store.Open(caller, file), "application/octet-stream", file.Filename,
            DateTimeOffset.FromUnixTimeSeconds(file.CreatedAt), enableRangeProcessing: true);
    }
}
