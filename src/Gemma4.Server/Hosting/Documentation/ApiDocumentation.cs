using System.Text.Json;
using Microsoft.AspNetCore.OpenApi;

namespace Gemma4.Server.Hosting;

/// <summary>The OpenAPI document at <c>/openapi/v1.json</c> and Swagger UI at <c>/swagger</c>.</summary>
internal static class ApiDocumentation
{
    /// <summary>Name and route segment of the document.</summary>
    public const string Name = "v1";

    public static void AddApiDocumentation(this IServiceCollection services) => services.AddOpenApi(Name, options =>
    {
        // Raw JSON stands in its property, where what the property demands of it can be said.
        options.CreateSchemaReferenceId = type =>
            (Nullable.GetUnderlyingType(type.Type) ?? type.Type) == typeof(JsonElement) ? null : OpenApiOptions.CreateDefaultSchemaReferenceId(type);
        options.AddDocumentTransformer<DocumentHead>();
        options.AddSchemaTransformer<DtoSchemas>();
        options.AddOperationTransformer<ApiExamples>();
        options.AddOperationTransformer<AnswerContents>();
        options.AddOperationTransformer<KeylessOperations>();
    });

    /// <summary>Serves the document, to readers without a key too.</summary>
    public static void MapApiDocumentation(this WebApplication app) => app.MapOpenApi().AllowAnonymous();

    /// <summary>Serves the page that shows the document. It is files and no endpoint, so it stands before keys are asked for.</summary>
    public static void UseDocumentationPage(this WebApplication app) => app.UseSwaggerUI(ui =>
    {
        ui.RoutePrefix = "swagger";
        ui.SwaggerEndpoint($"/openapi/{Name}.json", "Gemma 4");
        ui.DocumentTitle = "Gemma 4";
        ui.DefaultModelsExpandDepth(0); // some ninety schemas: closed until asked for
    });
}
