using Microsoft.OpenApi;

namespace Gemma4.Server.Hosting;

/// <summary>What the OpenAPI document says of itself.</summary>
internal static class DocumentHead
{
    public static void Write(OpenApiDocument document)
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
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
        document.Components.SecuritySchemes["apiKey"] = new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = "bearer",
            Description = "One of the configured keys; any or none where no key is configured.",
        };
        document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("apiKey", document)] = [] }];
    }
}
