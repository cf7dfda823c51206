using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using Gemma4.Engine;
using Gemma4.Engine.Chat;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.KvCache;
using Gemma4.Engine.StructuredOutput;
using Gemma4.Engine.Tokenization;
using Gemma4.Server.Hosting;
using Gemma4.Server.Serving;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Gemma4.ServerBenchmark;

/// <summary>Processor time of a streamed token without measurements, with metrics, and with spans too. The three take turns in one process, so that a busy machine troubles them alike.</summary>
internal static class TelemetryCost
{
    private const int NumStreams = 100, TokensAnAnswer = 200, NumRounds = 5;
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(20), Warming = TimeSpan.FromSeconds(3), Measured = TimeSpan.FromSeconds(5);
    private static readonly string[] Kinds = ["nobody listens", "metrics, a scrape in each run", "metrics, and all spans by OTLP"];

    /// <summary>Measures and prints medians.</summary>
    /// <param name="model">Folder with the tokenizer and the template.</param>
    public static async Task RunAsync(string model)
    {
        using Process sink = Child("sink");
        string collector = (await sink.StandardOutput.ReadLineAsync())!;
        var results = Kinds.Select(_ => new List<double>()).ToArray();
        try
        {
            for (int round = 0; round <= NumRounds; round++)
            {
                for (int kind = 0; kind < Kinds.Length; kind++)
                {
                    double time = await MeasureAsync(model, kind, collector);
                    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(round == 0 ? "warm-up" : $"round {round}")}: {Kinds[kind]}: {time:0.00} µs of processor time a token"));
                    if (round > 0)
                        results[kind].Add(time);
                }
            }
        }
        finally
        {
            sink.Kill();
        }
        foreach ((int kind, List<double> times) in results.Index())
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Kinds[kind]}: median {Median(times):0.00} µs ({times.Min():0.00} to {times.Max():0.00}), {Median(times) - Median(results[0]):+0.00;-0.00} µs"));
    }

    private static async Task<double> MeasureAsync(string model, int kind, string collector)
    {
        Environment.SetEnvironmentVariable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", kind == 2 ? collector : null);
        Environment.SetEnvironmentVariable("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf");
        var tokenizer = Tokenizer.Load(Path.Combine(model, "tokenizer.json"));
        var runner = new PacedRunner(tokenizer.EncodeText(" The quick brown fox jumps over the lazy dog, and the dog lets it."), Step);
        await using WebApplication app = ServerApp.Build(
            ["--model", model, "--served-model-name", "bench", "--port", "0", "--Serilog:MinimumLevel:Default", "Error"],
            services =>
            {
                services.AddSingleton<IModelSource>(provider => new RunnerSource(runner, tokenizer, model, provider));
                if (kind == 0)
                    services.AddSingleton(Sdk.CreateMeterProviderBuilder().AddPrometheusExporter().Build());
            });
        await app.StartAsync();
        using Process readers = Child("read", app.Urls.First(), NumStreams.ToString(CultureInfo.InvariantCulture), "/v1/chat/completions", TokensAnAnswer.ToString(CultureInfo.InvariantCulture));
        try
        {
            while (runner.NumRunning < NumStreams / 2)
                await Task.Delay(100);
            await Task.Delay(Warming);
            using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
            using var self = Process.GetCurrentProcess();
            (TimeSpan processor, long tokens) = (self.TotalProcessorTime, runner.NumTokens);
            if (kind > 0)
                await client.GetStringAsync("/metrics");
            await Task.Delay(Measured);
            self.Refresh();
            return (self.TotalProcessorTime - processor).TotalMicroseconds / (runner.NumTokens - tokens);
        }
        finally
        {
            readers.Kill();
            await app.StopAsync();
        }
    }

    private static Process Child(params string[] args) =>
        Process.Start(new ProcessStartInfo(Environment.ProcessPath!, args) { RedirectStandardOutput = true })!;

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private sealed class RunnerSource(PacedRunner runner, Tokenizer tokenizer, string model, IServiceProvider services) : IModelSource
    {
        public Task<LoadedModel> LoadAsync(IProgress<double> progress, CancellationToken cancellationToken)
        {
            var plan = new KvCachePlan(16, [new KvGroupSpec(null, 1)], [8192]);
            var engine = new GemmaEngine(
                runner, new ModelTraits(8192, tokenizer.VocabularySize, MediaIsBidirectional: false), plan, new EngineOptions(), services.GetRequiredService<IMeterFactory>(),
                services.GetRequiredService<ILoggerFactory>(), TimeProvider.System);
            return Task.FromResult(new LoadedModel(engine, tokenizer, ChatRenderer.Load(model), new ConstraintCompiler(tokenizer), new GenerationDefaults { EndTokenIds = [1] }, "fp_bench"));
        }
    }
}
