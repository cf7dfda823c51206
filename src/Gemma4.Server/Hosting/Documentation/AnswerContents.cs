using Gemma4.Server.Endpoints;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Gemma4.Server.Hosting;

/// <summary>Documents every form of an answer, and the headers that answers carry.</summary>
/// <remarks>
/// The framework documents one type and one media type a status. Further forms of a 200 are declared under the stand-in statuses of
/// <see cref="EndpointMetadata"/> and moved from there; so their schemas are made and named like all others.
/// </remarks>
internal sealed class AnswerContents : IOpenApiOperationTransformer
{
    private static readonly string[] RetryStatuses = ["429", "503"];

    public Task TransformAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        OpenApiResponses responses = operation.Responses!;
        for (int status = EndpointMetadata.FirstStandIn; status <= EndpointMetadata.LastStandIn; status++)
        {
            if (responses.Remove($"{status}", out IOpenApiResponse? further))
                Add((OpenApiResponse)responses["200"], further);
        }
        if (responses.TryGetValue("200", out IOpenApiResponse? answer) && answer.Content!.TryGetValue("text/event-stream", out OpenApiMediaType? stream))
            stream.Schema = Event(stream.Schema!, context.Description.ActionDescriptor.EndpointMetadata.OfType<EndsWithDone>().Any());
        foreach ((string status, IOpenApiResponse response) in responses)
            Describe((OpenApiResponse)response, status);
        return Task.CompletedTask;
    }

    private static void Add(OpenApiResponse response, IOpenApiResponse further)
    {
        foreach ((string contentType, OpenApiMediaType content) in further.Content!)
        {
            if (response.Content!.TryGetValue(contentType, out OpenApiMediaType? first))
                first.Schema = new OpenApiSchema { AnyOf = [.. first.Schema!.AnyOf ?? [first.Schema], content.Schema!] };
            else
                response.Content[contentType] = content;
        }
    }

    /// <summary>One server-sent event: OpenAPI 3.1 has no word for a stream, so the schema is that of each event.</summary>
    private static OpenApiSchema Event(IOpenApiSchema json, bool endsWithDone)
    {
        var data = new OpenApiSchema { Type = JsonSchemaType.String, Description = "JSON.", ContentMediaType = "application/json", ContentSchema = json };
        var done = new OpenApiSchema { Type = JsonSchemaType.String, Description = "Ends the stream.", Const = "[DONE]" };
        return new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Description = "Each server-sent event.",
            Required = new HashSet<string> { "data" },
            Properties = new Dictionary<string, IOpenApiSchema>
            {
                ["event"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "The event's name, where this API names events." },
                ["data"] = endsWithDone ? new OpenApiSchema { AnyOf = [done, data] } : data,
            },
        };
    }

    private static void Describe(OpenApiResponse response, string status)
    {
        response.Headers ??= new Dictionary<string, IOpenApiHeader>();
        response.Headers["x-request-id"] = Header("Names the request in the logs: the caller's own id, where it sent a usable one.");
        if (RetryStatuses.Contains(status))
            response.Headers["retry-after"] = Header("Seconds after which a retry makes sense.");
    }

    private static OpenApiHeader Header(string description) =>
        new() { Description = description, Required = true, Schema = new OpenApiSchema { Type = JsonSchemaType.String } };
}
