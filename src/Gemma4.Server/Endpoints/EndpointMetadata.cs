using Gemma4.Server.OpenAI;

namespace Gemma4.Server.Endpoints;

/// <summary>What every endpoint of the API tells the OpenAPI document.</summary>
internal static class EndpointMetadata
{
    /// <summary>The first of the statuses under which further forms of a 200 are declared; no answer has them.</summary>
    public const int FirstStandIn = 290;

    /// <summary>The last of them.</summary>
    public const int LastStandIn = 299;

    /// <summary>What may refuse any request: its form, its key, its origin, its head's size, too many at once, a fault, no model.</summary>
    private static readonly int[] AnyRequest = [400, 401, 403, 414, 429, 431, 500, 503];

    /// <summary>What may refuse a request with a body besides: a model or response it names, its slowness, its size.</summary>
    private static readonly int[] WithBody = [404, 408, 413];

    /// <summary>The answers that are not 2xx, of an endpoint that reads a body.</summary>
    public static RouteHandlerBuilder ProducesError(this RouteHandlerBuilder builder) => builder.ProducesError<ErrorResponse>([.. AnyRequest, .. WithBody]);

    /// <summary>The answers that are not 2xx, of an endpoint without a body that names one thing.</summary>
    public static RouteHandlerBuilder ProducesErrorOrNotFound(this RouteHandlerBuilder builder) => builder.ProducesError<ErrorResponse>([.. AnyRequest, 404]);

    /// <summary>The answers that are not 2xx, of an endpoint that asks for nothing.</summary>
    public static RouteHandlerBuilder ProducesErrorOfAnyRequest(this RouteHandlerBuilder builder) => builder.ProducesError<ErrorResponse>(AnyRequest);

    /// <summary>The answers that are not 2xx, of an endpoint of Anthropic's API.</summary>
    public static RouteHandlerBuilder ProducesMessageError(this RouteHandlerBuilder builder) =>
        builder.ProducesError<Anthropic.MessageErrorResponse>([.. AnyRequest, .. WithBody]);

    /// <summary>The answers that are not 2xx, of an endpoint of Ollama's API that reads a body.</summary>
    public static RouteHandlerBuilder ProducesOllamaError(this RouteHandlerBuilder builder) =>
        builder.ProducesError<Ollama.OllamaErrorResponse>([.. AnyRequest, .. WithBody]);

    /// <summary>The answers that are not 2xx, of an endpoint of Ollama's API that asks for nothing.</summary>
    public static RouteHandlerBuilder ProducesOllamaErrorOfAnyRequest(this RouteHandlerBuilder builder) =>
        builder.ProducesError<Ollama.OllamaErrorResponse>(AnyRequest);

    /// <summary>The 200 may be lines of this JSON.</summary>
    public static RouteHandlerBuilder ProducesLines<T>(this RouteHandlerBuilder builder) =>
        builder.Produces<T>(LastStandIn - 2, "application/x-ndjson");

    /// <summary>The answers that are not 2xx, of an endpoint that asks for no key.</summary>
    public static RouteHandlerBuilder ProducesErrorWithoutKey(this RouteHandlerBuilder builder) =>
        builder.ProducesError<ErrorResponse>([.. AnyRequest.Where(status => status != StatusCodes.Status401Unauthorized)]);

    /// <summary>The 200 may be a stream of server-sent events, each with the JSON of one of these types.</summary>
    public static RouteHandlerBuilder ProducesEvents(this RouteHandlerBuilder builder, params ReadOnlySpan<Type> types)
    {
        for (int i = 0; i < types.Length; i++)
            builder.Produces(FirstStandIn + i, types[i], "text/event-stream");
        return builder;
    }

    /// <summary>The 200 may be this JSON too.</summary>
    public static RouteHandlerBuilder ProducesAlso<T>(this RouteHandlerBuilder builder) => builder.Produces<T>(LastStandIn);

    /// <summary>The 200 may be text of these media types too.</summary>
    public static RouteHandlerBuilder ProducesText(this RouteHandlerBuilder builder, string first, params string[] others) =>
        builder.Produces<string>(LastStandIn - 1, first, others);

    private static RouteHandlerBuilder ProducesError<T>(this RouteHandlerBuilder builder, int[] statuses)
    {
        foreach (int status in statuses.Order())
            builder.Produces<T>(status);
        return builder;
    }
}
