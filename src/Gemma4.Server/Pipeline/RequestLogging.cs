using System.Globalization;
using Gemma4.Server.Errors;
using Gemma4.Server.Limits;
using Gemma4.Server.Settings;
using Gemma4.Server.Streaming;
using Serilog;
using Serilog.AspNetCore;
using Serilog.Events;

namespace Gemma4.Server.Pipeline;

/// <summary>One line a request, with its id, its token counts and their speed, and without its text.</summary>
internal static class RequestLogging
{
    private static readonly PathString[] Quiet = ["/health", "/metrics", "/page"];

    /// <summary>Sends all logs through Serilog, to the console unless the options say otherwise. Each server has a logger of its own; Serilog's
    /// static one would be that of the server built last.</summary>
    public static void AddServerLogging(this WebApplicationBuilder builder, ServerOptions options) => builder.Services.AddSerilog((services, logger) => Console(logger
        .ReadFrom.Configuration(builder.Configuration)
        .ReadFrom.Services(services)
        .Enrich.FromLogContext()
        .MinimumLevel.Override("Microsoft.Extensions.Hosting.Internal.Host", LogEventLevel.Fatal) // ServerRun reports failures of the start
        .Filter.ByExcluding(IsReported), options.LogFormat), preserveStaticLogger: true);

    /// <summary>Logs a line a request.</summary>
    public static void UseRequestLogging(this WebApplication app) => app.UseSerilogRequestLogging(options =>
    {
        options.Logger = app.Services.GetRequiredService<Serilog.ILogger>();
        Configure(options);
    });

    /// <summary>Lines for people, or an object of JSON a line for programs, with every property.</summary>
    private static void Console(LoggerConfiguration logger, string format)
    {
        if (format == "json")
            logger.WriteTo.Console(new JsonLogFormatter());
        else
            logger.WriteTo.Console(outputTemplate: "{Timestamp:HH:mm:ss} {Level:u3} {Message:lj} {RequestId}{NewLine}{Exception}");
    }

    private static void Configure(RequestLoggingOptions options)
    {
        options.MessageTemplate = "{RequestMethod} {RequestPath} {StatusCode}{Ending}{By} in {Elapsed:0} ms{Tokens}";
        options.IncludeQueryInRequestPath = false;
        options.GetLevel = Level;
        options.EnrichDiagnosticContext = (diagnostics, context) =>
        {
            diagnostics.Set("RequestId", context.TraceIdentifier);
            diagnostics.Set("Ending", context.Features.Get<Ending>() is { } ending ? $" ({ending.Words})" : "");
            Allowance allowance = context.RequestServices.GetRequiredService<Allowance>();
            diagnostics.Set("By", allowance.KeyName is { } name ? $" by {name}" : "");
            if (allowance.KeyName is not null)
                diagnostics.Set("Key", allowance.KeyName);
            if (allowance.Model is not null)
                diagnostics.Set("Model", allowance.Model);
            TokenCounts? counts = context.RequestServices.GetRequiredService<RequestTokens>().Count();
            diagnostics.Set("Tokens", counts is null ? "" : Words(counts));
            if (counts is not null)
                SetCounts(diagnostics, counts);
            if (context.Request.Headers["x-stainless-retry-count"].ToString() is { Length: > 0 } retries and not "0")
                diagnostics.Set("ClientRetry", retries);
        };
    }

    private static string Words(TokenCounts counts) =>
        string.Create(CultureInfo.InvariantCulture, $", {counts.Input} tokens in ({counts.Cached} cached), {counts.Output} out")
        + (counts.ToFirst is { } first ? string.Create(CultureInfo.InvariantCulture, $", first after {first.TotalMilliseconds:0} ms") : "")
        + (counts.PerSecond is { } rate ? string.Create(CultureInfo.InvariantCulture, $", {rate:0.0} tokens/s") : "");

    /// <summary>The same as properties, for logs that are read by programs.</summary>
    private static void SetCounts(IDiagnosticContext diagnostics, TokenCounts counts)
    {
        diagnostics.Set("InputTokens", counts.Input);
        diagnostics.Set("CachedTokens", counts.Cached);
        diagnostics.Set("OutputTokens", counts.Output);
        if (counts.ToFirst is { } first)
            diagnostics.Set("FirstTokenMs", first.TotalMilliseconds);
        if (counts.PerSecond is { } rate)
            diagnostics.Set("TokensPerSecond", rate);
    }

    /// <summary>What Kestrel says, with a trace, of requests whose own line says it: that an answer was cut, and that the rest of a body cannot
    /// be read after its reading was given up, because the client left or the server stops. The connection closes in either case.</summary>
    private static bool IsReported(LogEvent e) => e.Exception is AnswerCutException
        || e.MessageTemplate.Text.Contains("automatic draining of the request body failed", StringComparison.Ordinal);

    /// <summary>Health is asked for often and says little; so are the files of the page.</summary>
    private static LogEventLevel Level(HttpContext context, double elapsed, Exception? exception)
    {
        if (context.Features.Get<Ending>() is { } ending)
            return ending.IsFault ? LogEventLevel.Error : ending.IsCut ? LogEventLevel.Warning : LogEventLevel.Information;
        if (exception is not null || context.Response.StatusCode >= 500)
            return context.Response.StatusCode == 503 ? LogEventLevel.Warning : LogEventLevel.Error;
        return Quiet.Any(path => context.Request.Path.StartsWithSegments(path)) ? LogEventLevel.Debug : LogEventLevel.Information;
    }
}
