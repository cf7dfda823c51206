using System.Globalization;
using System.Text.Json;
using Gemma4.Engine.Requests;
using Gemma4.Server.Anthropic;
using Gemma4.Server.Hosting;
using Gemma4.Server.OpenAI;

namespace Gemma4.Server.Errors;

/// <summary>Gives every failed request, on every path, an answer in the API's error shape.</summary>
/// <remarks>After the first byte a status cannot change: then the exception goes on, and Kestrel cuts the connection without the
/// closing chunk, so that the client notices.</remarks>
internal sealed class ErrorMiddleware(RequestDelegate next, ILogger<ErrorMiddleware> log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
            if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentLength: null, ContentType: null })
                await WriteAsync(context, ErrorTable.FromStatus(context.Response.StatusCode, context.Request));
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            log.ClientLeft();
            context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            await WriteAsync(context, Explain(exception));
        }
    }

    /// <summary>Writes the answer; the response must not have started.</summary>
    public static async Task WriteAsync(HttpContext context, ApiError error)
    {
        HttpResponse response = context.Response;
        string? allow = response.Headers.Allow;
        response.Clear();
        if (allow is not null)
            response.Headers.Allow = allow;
        response.StatusCode = error.Status;
        if (error.RetryAfterSeconds is int seconds)
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        response.ContentType = "application/json";
        if (context.Request.Path.StartsWithSegments(MessageErrorResponse.Path))
            await JsonSerializer.SerializeAsync(
                response.Body, MessageErrorResponse.From(error, context.TraceIdentifier), AnthropicJson.Context.MessageErrorResponse, context.RequestAborted);
        else
            await JsonSerializer.SerializeAsync(
                response.Body, ErrorResponse.From(error), OpenAIJson.Context.ErrorResponse, context.RequestAborted);
    }

    private ApiError Explain(Exception exception)
    {
        switch (exception)
        {
            case ApiException refused:
                return refused.Error;
            case RequestRejectedException rejected:
                return ErrorTable.From(rejected);
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                return ErrorTable.PayloadTooLarge();
            case BadHttpRequestException bad:
                return new ApiError(bad.StatusCode, bad.Message, ApiError.InvalidRequest);
            default:
                log.Failed(exception);
                return ErrorTable.Internal();
        }
    }
}
