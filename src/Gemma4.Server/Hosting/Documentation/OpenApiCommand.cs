using System.CommandLine;
using Gemma4.Server.Serving;
using Gemma4.Server.Settings;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Gemma4.Server.Hosting;

/// <summary><c>openapi FILE</c>: writes the OpenAPI document that the server serves.</summary>
internal static class OpenApiCommand
{
    public static Command Create(TextWriter output)
    {
        var file = new Argument<string>("FILE") { Description = "the file that is written" };
        var command = new Command("openapi", "Write the OpenAPI document that the server serves at /openapi/v1.json.") { file };
        command.SetAction(async (result, _) =>
        {
            string path = Path.GetFullPath(result.GetValue(file)!);
            await WriteAsync(path);
            await output.WriteLineAsync(path);
            return ExitCodes.Done;
        });
        return command;
    }

    private static async Task WriteAsync(string path)
    {
        // Endpoints are known only once the application has started; no model is needed for that.
        await using WebApplication app = ServerApp.Build(
            ["--data", StorageOptions.Memory, "--port", "0", "--Serilog:MinimumLevel:Default", "Error"], services => services.AddSingleton<IModelSource, NoModel>());
        await app.StartAsync();
        var provider = app.Services.GetRequiredKeyedService<IOpenApiDocumentProvider>(ApiDocumentation.Name);
        OpenApiDocument document = await provider.GetOpenApiDocumentAsync();
        await File.WriteAllTextAsync(path, await document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1) + "\n");
        await app.StopAsync();
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
