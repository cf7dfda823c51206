using Gemma4.Engine;
using Gemma4.Server.OpenAI;
using Gemma4.Server.Serving;

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
        group.MapMethods("", Head, Ready).ExcludeFromDescription();
        group.MapMethods("/ready", Head, Ready).ExcludeFromDescription();
        group.MapMethods("/live", Head, Live).ExcludeFromDescription();
        group.MapGet("/live", Live).WithName("live").WithSummary("Whether the process lives")
            .Produces<HealthReport>().ProducesErrorWithoutKey();
    }

    private static IResult Ready(HttpContext context, ModelHost host, ModelNames names, Drain drain)
    {
        HealthReport report = Report(host, names, drain);
        bool serves = report.Status is "ok" or "degraded";
        if (!serves)
            context.Response.Headers.RetryAfter = "1";
        return Results.Json(
            report, OpenAIJson.Context.HealthReport, statusCode: serves ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }

    private static IResult Live(ModelHost host, ModelNames names, Drain drain) => Results.Json(Report(host, names, drain), OpenAIJson.Context.HealthReport);

    private static HealthReport Report(ModelHost host, ModelNames names, Drain drain)
    {
        if (host.Failure is { } failure)
            return new HealthReport("failed", names.Primary, Error: failure);
        if (drain.Begun.IsCancellationRequested)
            return new HealthReport("draining", names.Primary);
        if (host.Loaded is not { } model)
            return new HealthReport("loading", names.Primary, Math.Round(host.Progress, 2));
        EngineHealth health = model.Engine.Health;
        string status = health.State switch
        {
            EngineState.Ready => "ok",
            EngineState.Degraded => "degraded",
            EngineState.Draining => "draining",
            _ => "failed",
        };
        return new HealthReport(status, names.Primary, Error: health.Reason);
    }
}
