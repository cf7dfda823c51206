using System.Diagnostics.Metrics;
using Gemma4.Engine;
using Gemma4.Server.Mapping;
using Gemma4.Server.Media;
using Gemma4.Server.Metrics;
using Gemma4.Server.Serving;
using Gemma4.Server.Storage.Databases;

namespace Gemma4.Server.Hosting;

/// <summary>What the server holds and whether it serves, read when somebody asks.</summary>
internal sealed class ServerGauges
{
    public ServerGauges(
        IMeterFactory meters, ModelHost host, ModelNames names, Drain drain, MediaBudget budget, DecodeThreads decoders, CompileThreads compilers, Database database)
    {
        Meter meter = meters.Create(GenerationMetrics.MeterName);
        meter.CreateObservableGauge("gemma4.server.ready", () => IsReady(host, drain) ? 1 : 0, null, "1 while requests are served, 0 while the model loads, has failed or the server stops.");
        meter.CreateObservableGauge("gemma4.model.info", () => Model(host, names), null, "The served model; always 1, absent until it is loaded.");
        meter.CreateObservableGauge("gemma4.media.held", () => budget.Bytes.Held, "By", "Bytes that the media of requests being served hold.");
        meter.CreateObservableGauge("gemma4.media.limit", () => budget.Bytes.MaxBytes, "By", "Bytes that they may hold (Media:MaxBytesInFlight).");
        meter.CreateObservableGauge("gemma4.media.queued", () => decoders.NumQueued, "{medium}", "Media that wait for a thread that decodes.");
        meter.CreateObservableGauge("gemma4.storage.queued", () => database.NumQueued, "{operation}", "Reads and writes that wait for the database or run.");
        meter.CreateObservableGauge("gemma4.constraint.queued", () => compilers.NumQueued, "{constraint}", "Constraints that wait for a thread that compiles.");
    }

    private static bool IsReady(ModelHost host, Drain drain) =>
        host is { Failure: null, Loaded.Engine.Health.State: EngineState.Ready or EngineState.Degraded } && !drain.Begun.IsCancellationRequested;

    private static IEnumerable<Measurement<int>> Model(ModelHost host, ModelNames names) => host.Loaded is { } model
        ? [new Measurement<int>(1, new("model", names.Primary), new("format", model.Format), new("fingerprint", model.Fingerprint))]
        : [];
}
