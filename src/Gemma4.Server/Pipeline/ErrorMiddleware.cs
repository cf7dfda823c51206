using System.Globalization;
using System.Text.Json;
using Gemma4.Engine.Requests;
using Gemma4.Server.Anthropic;
using Gemma4.Server.Errors;
using Gemma4.Server.Ollama;
using Gemma4.Server.OpenAI;
using Microsoft.AspNetCore.Connections;

namespace Gemma4.Server.Pipeline;

/// <summary>Gives every failed request, on every path, an answer in the API's error shape.</summary>
/// <remarks>After the first byte a status cannot change: then the answer is cut (see <see cref="Ending"/>).</remarks>
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
        catch (Exception exception) when (HasLeft(context, exception))
        {
            Leave(context);
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            await TryWriteAsync(context, Explain(exception));
        }
        catch (Exception exception)
        {
            ApiError error = Explain(exception);
            context.Features.Set(Ending.Cut(error.Message, isFault: error.Status != StatusCodes.Status503ServiceUnavailable));
        }
    }

    /// <summary>What a connection that is gone throws: reads and writes fail, at times before the request's token is cancelled.</summary>
    private static bool HasLeft(HttpContext context, Exception exception) => exception is ConnectionResetException or ConnectionAbortedException
        || (context.RequestAborted.IsCancellationRequested && exception is OperationCanceledException or IOException and not BadHttpRequestException);

    private static void Leave(HttpContext context)
    {
        context.Features.Set(Ending.ClientLeft);
        if (!context.Response.HasStarted)
            context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
    }

    /// <summary>The client may leave while it is told why its request failed, as one does whose body broke off.</summary>
    private static async Task TryWriteAsync(HttpContext context, ApiError error)
    {
        try
        {
            await WriteAsync(context, error);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            Leave(context);
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
        if (error.RetryAfter is { } wait)
        {
            // Whole seconds, at least one: the standard header knows no less. OpenAI's clients read the finer one.
            response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
            response.Headers["retry-after-ms"] = ((long)Math.Ceiling(wait.TotalMilliseconds)).ToString(CultureInfo.InvariantCulture);
        }
        if (!error.MayRetry)
            response.Headers["x-should-retry"] = "false";
        response.ContentType = "application/json";
        if (MessageErrorResponse.IsFor(context.Request))
            await JsonSerializer.SerializeAsync(
                response.Body, MessageErrorResponse.From(error, context.TraceIdentifier), AnthropicJson.Context.MessageErrorResponse, context.RequestAborted);
        else if (context.Request.Path.StartsWithSegments(OllamaErrorResponse.Path))
            await JsonSerializer.SerializeAsync(response.Body, OllamaErrorResponse.From(error), OllamaJson.Context.OllamaErrorResponse, context.RequestAborted);
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
