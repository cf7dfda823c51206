namespace Gemma4.Server.Hosting;

/// <summary>The OpenAPI document at <c>/openapi/v1.json</c> and Swagger UI at <c>/swagger</c>.</summary>
internal static class ApiDocumentation
{
    public static void AddApiDocumentation(this IServiceCollection services) => services.AddOpenApi("v1");

    public static void MapApiDocumentation(this WebApplication app)
    {
        app.MapOpenApi();
        app.UseSwaggerUI(ui =>
        {
            ui.RoutePrefix = "swagger";
            ui.SwaggerEndpoint("/openapi/v1.json", "Gemma 4");
            ui.DocumentTitle = "Gemma 4";
        });
    }
}
