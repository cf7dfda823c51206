using System.Diagnostics;
using Gemma4.Engine;
using Gemma4.Server.OpenAI;
using Gemma4.Server.Serving;
using Gemma4.Server.Storage;

namespace Gemma4.Server.Endpoints;

/// <summary>Whether the process lives and whether it serves, for watchdogs and load balancers.</summary>
internal static class HealthEndpoints
{
    private static readonly string[] Head = [HttpMethods.Head];

    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        RouteGroupBuilder group = app.MapGroup("/health").WithTags("Health").AllowAnonymous();
        group.MapGet("", Ready).WithName("health").WithSummary("Whether requests are served")
            .Produces<HealthReport>().ProducesErrorWithoutKey().Produces<HealthReport>(StatusCodes.Status503ServiceUnavailable);
        group.MapGet("/ready", Ready).ExcludeFromDescription();
        group.MapGet("/live", Live).WithName("live").WithSummary("Whether the process can go on; where it cannot, it has to be started anew")
            .Produces<HealthReport>().ProducesErrorWithoutKey().Produces<HealthReport>(StatusCodes.Status503ServiceUnavailable);
        group.MapGet("/started", Started).WithName("started").WithSummary("Whether the model is loaded and has computed a first token")
            .Produces<HealthReport>().ProducesErrorWithoutKey().Produces<HealthReport>(StatusCodes.Status503ServiceUnavailable);
        group.MapMethods("", Head, Ready).ExcludeFromDescription();
        group.MapMethods("/ready", Head, Ready).ExcludeFromDescription();
        group.MapMethods("/live", Head, Live).ExcludeFromDescription();
        group.MapMethods("/started", Head, Started).ExcludeFromDescription();
    }

    private static IResult Ready(HttpContext context, ModelHost host, ModelNames names, Drain drain, StorageHealth storage)
    {
        HealthReport report = Report(host, names, drain, storage);
        return Answer(context, report, report.Status is "ok" or "degraded");
    }

    private static IResult Live(HttpContext context, ModelHost host, ModelNames names, Drain drain, StorageHealth storage)
    {
        HealthReport report = Report(host, names, drain, storage);
        return Answer(context, report, report.Status is not ("failed" or "stalled"));
    }

    private static IResult Started(HttpContext context, ModelHost host, ModelNames names, Drain drain, StorageHealth storage) =>
        Answer(context, Report(host, names, drain, storage), host.Loaded is not null);

    private static IResult Answer(HttpContext context, HealthReport report, bool isWell)
    {
        if (!isWell)
            context.Response.Headers.RetryAfter = "1";
        return Results.Json(report, OpenAIJson.Context.HealthReport, statusCode: isWell ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }

    private static HealthReport Report(ModelHost host, ModelNames names, Drain drain, StorageHealth storage)
    {
        if (host.Failure is { } failure)
            return new HealthReport("failed", names.Primary, Error: failure);
        EngineHealth? engine = host.Loaded?.Engine.Health;
        string status = engine?.State switch
        {
            EngineState.Failed => "failed",
            EngineState.Stalled => "stalled",
            _ when drain.Begun.IsCancellationRequested => "draining",
            null => "loading",
            EngineState.Ready => storage.Fault is null ? "ok" : "degraded",
            EngineState.Degraded => "degraded",
            EngineState.Draining => "draining",
            _ => throw new UnreachableException(),
        };
        return new HealthReport(status, names.Primary, status == "loading" ? Math.Round(host.Progress, 2) : null, engine?.Reason ?? storage.Fault);
    }
}
