using Gemma4.Server.Access;
using Gemma4.Server.Batches;
using Gemma4.Server.Endpoints;
using Gemma4.Server.Page;
using Gemma4.Server.Pipeline;
using Gemma4.Server.Settings;

namespace Gemma4.Server.Hosting;

/// <summary>The web application of a command line: what <c>Program</c> runs and <c>conformance</c> starts for itself.</summary>
internal static class ServerApp
{
    /// <summary>Builds it; starting it begins to listen and to load.</summary>
    /// <param name="args">The command line's switches.</param>
    /// <param name="replace">Registers services that replace the usual ones.</param>
    /// <exception cref="OptionsException">A setting is wrong.</exception>
    public static WebApplication Build(IReadOnlyList<string> args, Action<IServiceCollection>? replace = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder();
        builder.Services.AddSingleton(OptionsBinding.AddSources(builder.Configuration, args));
        OptionsBinding.AddOptions(builder.Services, builder.Configuration);
        ServerOptions options = OptionsBinding.Read<ServerOptions>(builder.Configuration, ServerOptions.Section);
        builder.AddServerLogging(options);
        builder.AddServerNetwork(options);
        builder.Services.AddModel();
        builder.Services.AddStorage();
        builder.Services.AddApi();
        builder.AddTelemetry();
        builder.Services.AddApiDocumentation();
        replace?.Invoke(builder.Services);

        WebApplication app = builder.Build();
        app.Services.GetRequiredService<KeyRing>(); // files are read now, so that one that cannot be used ends the start
        app.Services.GetService<ServerCertificate>();
        app.Services.GetService<AuditLog>();
        app.Use(app.Services.GetRequiredService<InnerPipeline>().Capture);
        app.UseMiddleware<CutMiddleware>();
        app.UseMiddleware<RequestHeaders>();
        app.UseRequestLogging();
        if (options.AuditLog is not null)
            app.UseMiddleware<AuditMiddleware>();
        app.UseMiddleware<GenerationMeasuring>();
        app.UseMiddleware<ErrorMiddleware>();
        app.UseMiddleware<DrainMiddleware>();
        app.UseMiddleware<SiteMiddleware>();
        app.UseCors();
        app.UseMiddleware<PathMiddleware>();
        app.UseMiddleware<UnnamedJsonMiddleware>();
        app.UseRouting();
        app.UseMiddleware<MethodsMiddleware>();
        app.UseDocumentationPage();
        app.UseMiddleware<ApiKeyMiddleware>();
        app.UseMiddleware<BodyAdmission>();

        app.MapHealth();
        app.MapModels();
        app.MapChatCompletions();
        app.MapStoredCompletions();
        app.MapCompletions();
        app.MapResponses();
        app.MapConversations();
        app.MapFiles();
        app.MapBatches();
        app.MapMessages();
        app.MapOllama();
        app.MapTranscriptions();
        app.MapTokens();
        app.MapPage();
        app.MapMetrics();
        app.MapApiDocumentation();
        return app;
    }
}
