using Gemma4.Server.Serving;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Gemma4.Server.Hosting;

/// <summary><c>openapi FILE</c>: writes the OpenAPI document that the server serves.</summary>
internal static class OpenApiVerb
{
    /// <returns>0 when it was written, 2 when the call is wrong.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, TextWriter output)
    {
        if (args.Count != 1)
        {
            await output.WriteLineAsync("openapi FILE");
            return 2;
        }
        // Endpoints are known only once the application has started; no model is needed for that.
        await using WebApplication app = ServerApp.Build(
            ["--port", "0", "--Serilog:MinimumLevel:Default", "Error"], services => services.AddSingleton<IModelSource, NoModel>());
        await app.StartAsync();
        var provider = app.Services.GetRequiredKeyedService<IOpenApiDocumentProvider>(ApiDocumentation.Name);
        OpenApiDocument document = await provider.GetOpenApiDocumentAsync();
        await File.WriteAllTextAsync(args[0], await document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1) + "\n");
        await app.StopAsync();
        return 0;
    }

    private sealed class NoModel : IModelSource
    {
        public async Task<LoadedModel> LoadAsync(IProgress<double> progress, CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            throw new System.Diagnostics.UnreachableException();
        }
    }
}
