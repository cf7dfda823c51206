using Gemma4.Server.Errors;
using Serilog;
using Serilog.AspNetCore;
using Serilog.Events;

namespace Gemma4.Server.Hosting;

/// <summary>One line a request, with its id and without its text.</summary>
internal static class RequestLogging
{
    /// <summary>Sends all logs through Serilog, to the console unless the options say otherwise. Each server has a logger of its own; Serilog's
    /// static one would be that of the server built last.</summary>
    public static void AddServerLogging(this WebApplicationBuilder builder) => builder.Services.AddSerilog((services, logger) => logger
        .ReadFrom.Configuration(builder.Configuration)
        .ReadFrom.Services(services)
        .Enrich.FromLogContext()
        .MinimumLevel.Override("Microsoft.Extensions.Hosting.Internal.Host", LogEventLevel.Fatal) // ServerRun reports failures of the start
        .Filter.ByExcluding(IsReported)
        .WriteTo.Console(outputTemplate: "{Timestamp:HH:mm:ss} {Level:u3} {Message:lj} {RequestId}{NewLine}{Exception}"), preserveStaticLogger: true);

    /// <summary>Logs a line a request.</summary>
    public static void UseRequestLogging(this WebApplication app) => app.UseSerilogRequestLogging(options =>
    {
        options.Logger = app.Services.GetRequiredService<Serilog.ILogger>();
        Configure(options);
    });

    private static void Configure(RequestLoggingOptions options)
    {
        options.MessageTemplate = "{RequestMethod} {RequestPath} {StatusCode}{Ending} in {Elapsed:0} ms";
        options.IncludeQueryInRequestPath = false;
        options.GetLevel = Level;
        options.EnrichDiagnosticContext = (diagnostics, context) =>
        {
            diagnostics.Set("RequestId", context.TraceIdentifier);
            diagnostics.Set("Ending", context.Features.Get<Ending>() is { } ending ? $" ({ending.Words})" : "");
            if (context.Request.Headers["x-stainless-retry-count"].ToString() is { Length: > 0 } retries and not "0")
                diagnostics.Set("ClientRetry", retries);
        };
    }

    /// <summary>What Kestrel says, with a trace, of requests whose own line says it: that an answer was cut, and that the rest of a body cannot
    /// be read after its reading was given up, because the client left or the server stops. The connection closes in either case.</summary>
    private static bool IsReported(LogEvent e) => e.Exception is AnswerCutException
        || e.MessageTemplate.Text.Contains("automatic draining of the request body failed", StringComparison.Ordinal);

    /// <summary>Health is asked for often and says little.</summary>
    private static LogEventLevel Level(HttpContext context, double elapsed, Exception? exception)
    {
        if (context.Features.Get<Ending>() is { } ending)
            return ending.IsFault ? LogEventLevel.Error : ending.IsCut ? LogEventLevel.Warning : LogEventLevel.Information;
        if (exception is not null || context.Response.StatusCode >= 500)
            return context.Response.StatusCode == 503 ? LogEventLevel.Warning : LogEventLevel.Error;
        bool isProbe = context.Request.Path.StartsWithSegments("/health") || context.Request.Path.StartsWithSegments("/metrics");
        return isProbe ? LogEventLevel.Debug : LogEventLevel.Information;
    }
}
