using System.Globalization;
using Gemma4.Server.Errors;
using Gemma4.Server.Settings;
using Gemma4.Server.Storage;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Gemma4.Server.Mapping.Files;

/// <summary>Reads the form that a file is sent in, part by part: the file's own part goes on as it comes.</summary>
internal sealed class FileForm(IOptions<ApiOptions> api)
{
    /// <summary>Bytes of a field that is not the file, and parts of a form.</summary>
    private const int MaxFieldBytes = 1024, MaxParts = 16, MaxBoundary = 128;

    /// <param name="context">The request.</param>
    /// <param name="write">Takes the file's content.</param>
    /// <exception cref="ApiException">The first fault of the form; what was written by then is in none of its fields.</exception>
    public async Task<FileUpload> ReadAsync(HttpContext context, Func<Stream, Task<FileContent>> write)
    {
        if (!MediaTypeHeaderValue.TryParse(context.Request.ContentType, out MediaTypeHeaderValue? type) || type.MediaType != "multipart/form-data"
            || HeaderUtilities.RemoveQuotes(type.Boundary) is not { Length: > 0 and <= MaxBoundary } boundary)
            throw Fault.Of("This endpoint takes a form: Content-Type must be multipart/form-data, with a boundary.", null, "unsupported_content_type");
        var reader = new MultipartReader(boundary.Value!, context.Request.Body);
        var upload = new FileUpload();
        try
        {
            for (int i = 0; await reader.ReadNextSectionAsync(context.RequestAborted) is { } section; i++)
            {
                if (i == MaxParts)
                    throw Fault.Of($"The form has more than {MaxParts} parts.");
                await TakeAsync(upload, section, write, context.RequestAborted);
            }
            return upload;
        }
        catch (InvalidDataException exception)
        {
            throw Fault.Of($"The form could not be read: {exception.Message}");
        }
        catch (IOException exception) when (exception is not BadHttpRequestException && !context.RequestAborted.IsCancellationRequested)
        {
            throw Fault.Of("The form could not be read: it ends before its closing boundary.");
        }
    }

    private async Task TakeAsync(FileUpload upload, MultipartSection section, Func<Stream, Task<FileContent>> write, CancellationToken cancellationToken)
    {
        if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out ContentDispositionHeaderValue? disposition))
            throw Fault.Of("The form could not be read: a part has no name.");
        string name = HeaderUtilities.RemoveQuotes(disposition.Name).Value ?? "";
        if (name == "file")
        {
            if (upload.Content is not null)
                throw Fault.Of("The form has more than one 'file'.", "file");
            string given = HeaderUtilities.RemoveQuotes(disposition.FileNameStar.HasValue ? disposition.FileNameStar : disposition.FileName).Value ?? "";
            upload.Filename = FileUpload.NameOf(given);
            upload.Content = await write(section.Body);
            return;
        }
        string value = await ReadFieldAsync(section.Body, name, cancellationToken);
        switch (name)
        {
            case "purpose":
                upload.Purpose = value;
                break;
            case "expires_after[anchor]":
                upload.Anchor = value;
                break;
            case "expires_after[seconds]":
                upload.ExpiresAfterSeconds = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds)
                    ? seconds
                    : throw Fault.Type(name, "an integer", "a string");
                break;
            default:
                if (api.Value.StrictParams)
                    throw Fault.Unknown(name, isTopLevel: true);
                break;
        }
    }

    private static async Task<string> ReadFieldAsync(Stream body, string name, CancellationToken cancellationToken)
    {
        byte[] bytes = new byte[MaxFieldBytes + 1];
        int read = await body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken);
        return read <= MaxFieldBytes ? System.Text.Encoding.UTF8.GetString(bytes, 0, read) : throw Fault.TooLong(name, MaxFieldBytes, read);
    }
}
