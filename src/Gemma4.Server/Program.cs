using Gemma4.Server.Endpoints;
using Gemma4.Server.Errors;
using Gemma4.Server.Hosting;
using Serilog;

if (Verbs.TryRun(args, Console.Out, out int exitCode))
    return exitCode;
try
{
    WebApplicationBuilder builder = WebApplication.CreateBuilder();
    OptionsBinding.AddSources(builder.Configuration, args);
    OptionsBinding.AddOptions(builder.Services, builder.Configuration);
    builder.AddServerLogging();
    builder.AddServerNetwork();
    builder.Services.AddModel();
    builder.Services.AddApi();
    builder.Services.AddApiDocumentation();

    WebApplication app = builder.Build();
    app.UseMiddleware<RequestHeaders>();
    app.UseSerilogRequestLogging(RequestLogging.Configure);
    app.UseMiddleware<ErrorMiddleware>();
    app.UseCors();
    app.UseMiddleware<PathMiddleware>();
    app.UseRouting();
    app.UseMiddleware<ApiKeyMiddleware>();

    app.MapHealth();
    app.MapModels();
    app.MapCompletions();
    app.MapTokens();
    app.MapApiDocumentation();

    await app.RunAsync();
    return Environment.ExitCode;
}
catch (OptionsException exception)
{
    await Console.Error.WriteLineAsync(exception.Message);
    return 2;
}
