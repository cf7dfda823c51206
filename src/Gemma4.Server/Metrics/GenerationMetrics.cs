using System.Diagnostics;
using System.Diagnostics.Metrics;
using Gemma4.Engine;

namespace Gemma4.Server.Metrics;

/// <summary>What callers got: OpenTelemetry's <c>gen_ai.server.*</c>, and requests by route and how they ended.</summary>
/// <remarks>docs/operations.md explains each. A request counts once: as a generation that the engine took, or as one that was refused before.</remarks>
internal sealed class GenerationMetrics
{
    /// <summary>The name of the server's meter.</summary>
    public const string MeterName = "Gemma4.Server";

    private const string Route = "http.route", ErrorType = "error.type";

    private readonly Counter<long> _requests;
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _timeToFirstToken;
    private readonly Histogram<double> _timePerOutputToken;

    public GenerationMetrics(IMeterFactory meters)
    {
        Meter meter = meters.Create(MeterName);
        _requests = meter.CreateCounter<long>("gemma4.requests", "{request}", "Ended requests to generate, by route and how they ended.");
        _duration = meter.CreateHistogram(
            "gen_ai.server.request.duration", "s", "Time from a request's arrival to the end of its answer.", advice: DurationBuckets.Seconds);
        _timeToFirstToken = meter.CreateHistogram(
            "gen_ai.server.time_to_first_token", "s", "Time from a request's arrival to its first token.", advice: DurationBuckets.Seconds);
        _timePerOutputToken = meter.CreateHistogram(
            "gen_ai.server.time_per_output_token", "s", "Mean time of a request's tokens after the first.", advice: DurationBuckets.Seconds);
    }

    /// <summary>Begins the series of a route at 0: an alert on an increase would not see the first of a series that begins with 1.</summary>
    public void Announce(RequestLabels labels)
    {
        foreach (Outcome outcome in Enum.GetValues<Outcome>())
            Count(labels, outcome, 0);
    }

    /// <summary>Records a request that ended before the engine had taken it.</summary>
    /// <param name="labels">Its endpoint's.</param>
    /// <param name="model">The served model.</param>
    /// <param name="status">Its answer's.</param>
    /// <param name="duration">Since its arrival.</param>
    public void RecordRefusal(RequestLabels labels, string model, int status, TimeSpan duration)
    {
        Count(labels, status switch
        {
            StatusCodes.Status499ClientClosedRequest => Outcome.Aborted,
            StatusCodes.Status500InternalServerError => Outcome.Error,
            _ => Outcome.Refused,
        }, 1);
        _duration.Record(duration.TotalSeconds, [.. Common(labels, model), new(ErrorType, status.ToString(System.Globalization.CultureInfo.InvariantCulture))]);
    }

    /// <summary>Records a generation that has ended.</summary>
    /// <param name="labels">Its endpoint's.</param>
    /// <param name="model">The served model.</param>
    /// <param name="outcome">How it ended.</param>
    /// <param name="times">What it took.</param>
    public void RecordEnd(RequestLabels labels, string model, Outcome outcome, in GenerationTimes times)
    {
        Count(labels, outcome, 1);
        KeyValuePair<string, object?>[] common = Common(labels, model);
        if (outcome >= Outcome.Aborted)
            _duration.Record(times.Total.TotalSeconds, [.. common, new(ErrorType, NameOf(outcome))]);
        else
            _duration.Record(times.Total.TotalSeconds, common);
        if (times.ToFirstToken is { } first)
            _timeToFirstToken.Record(first.TotalSeconds, common);
        if (times.PerOutputToken is { } each)
            _timePerOutputToken.Record(each.TotalSeconds, common);
    }

    private void Count(RequestLabels labels, Outcome outcome, int number) =>
        _requests.Add(number, new(Route, labels.Route), new("finish_reason", NameOf(outcome)));

    private static KeyValuePair<string, object?>[] Common(RequestLabels labels, string model) =>
    [
        new("gen_ai.operation.name", labels.Operation), new("gen_ai.provider.name", "gemma4"),
        new("gen_ai.request.model", model), new("gen_ai.response.model", model), new(Route, labels.Route),
    ];

    private static string NameOf(Outcome outcome) => outcome switch
    {
        Outcome.Stop => "stop",
        Outcome.ToolCalls => "tool_calls",
        Outcome.Length => "length",
        Outcome.Aborted => "aborted",
        Outcome.Refused => "refused",
        Outcome.Error => "error",
        _ => throw new UnreachableException(),
    };
}
