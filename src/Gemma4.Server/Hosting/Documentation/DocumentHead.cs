using Gemma4.Server.Settings;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;

namespace Gemma4.Server.Hosting;

/// <summary>What the OpenAPI document says of itself and of keys.</summary>
internal sealed class DocumentHead(IOptions<ServerOptions> options) : IOpenApiDocumentTransformer
{
    public Task TransformAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Gemma 4",
            Version = "1",
            Description = "Gemma 4 behind OpenAI's HTTP API. Point any OpenAI client at this server's /v1. Fields marked as extensions are "
                + "those that users of other self-hosted servers send. Unknown fields are ignored, or refused with --strict-params.",
        };
        // The address is the reader's: a document that named one could not be committed.
        document.Servers = [];
        DescribeKeys(document);
        return Task.CompletedTask;
    }

    /// <summary>A key in either header where keys are configured; where none are, a key is allowed and ignored.</summary>
    private void DescribeKeys(OpenApiDocument document)
    {
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
        document.Components.SecuritySchemes["bearer"] = new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = "bearer",
            Description = "One of the configured keys; any or none where no key is configured.",
        };
        document.Components.SecuritySchemes["apiKey"] = new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.ApiKey,
            In = ParameterLocation.Header,
            Name = "x-api-key",
            Description = "The same in the header that Anthropic's clients send.",
        };
        document.Security = [Requirement(document, "bearer"), Requirement(document, "apiKey")];
        if (options.Value.ApiKeys.Length == 0)
            document.Security.Insert(0, new OpenApiSecurityRequirement());
    }

    private static OpenApiSecurityRequirement Requirement(OpenApiDocument document, string scheme) =>
        new() { [new OpenApiSecuritySchemeReference(scheme, document)] = [] };
}
