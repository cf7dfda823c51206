using System.Diagnostics;
using System.Globalization;
using Gemma4.Engine.Chat;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.StructuredOutput;
using Gemma4.Engine.Tokenization;
using Gemma4.Server.Hosting;
using Gemma4.Server.Serving;
using Gemma4.ServerBenchmark;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

if (args is ["read", string server, string streams, string path, string tokens])
{
    await StreamReaders.RunAsync(new Uri(server), int.Parse(streams, CultureInfo.InvariantCulture), path, int.Parse(tokens, CultureInfo.InvariantCulture));
    return 0;
}
if (args is ["sink"])
{
    await CollectorSink.RunAsync();
    return 0;
}
if (args is ["telemetry", string folder])
{
    await TelemetryCost.RunAsync(folder);
    return 0;
}
if (args is not [string model, ..] || args.Length > 4)
{
    Console.Error.WriteLine("""
        Gemma4.ServerBenchmark MODEL_DIR [STREAMS] [STEP_MS] [PATH]   processor time of the server a streamed token

        MODEL_DIR gives tokenizer and template; an engine without a model gives each of STREAMS (100) a token every STEP_MS (20).
        PATH is /v1/chat/completions, /v1/messages or /v1/responses.

        Gemma4.ServerBenchmark telemetry MODEL_DIR                    what metrics and spans add to it, taking turns
        """);
    return 2;
}
int numStreams = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 100;
int stepMs = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 20;
string api = args.Length > 3 ? args[3] : "/v1/chat/completions";

var tokenizer = Tokenizer.Load(Path.Combine(model, "tokenizer.json"));
int[] text = tokenizer.EncodeText(" The quick brown fox jumps over the lazy dog, and the dog lets it.");
var engine = new SteppingEngine([.. text], TimeSpan.FromMilliseconds(stepMs));
var loaded = new LoadedModel(
    engine, tokenizer, ChatRenderer.Load(model), new ConstraintCompiler(tokenizer), new GenerationDefaults { EndTokenIds = [1] }, "fp_bench");
await using WebApplication app = ServerApp.Build(
    ["--data", "memory", "--model", model, "--served-model-name", "bench", "--port", "0", "--Serilog:MinimumLevel:Default", "Error"],
    services => services.AddSingleton<IModelSource>(new FakeSource(loaded)));
await app.StartAsync();
using Process readers = Process.Start(new ProcessStartInfo(Environment.ProcessPath!)
{
    ArgumentList = { "read", app.Urls.First(), numStreams.ToString(CultureInfo.InvariantCulture), api, "4000" },
})!;
try
{
    while (engine.NumRunning < numStreams)
        await Task.Delay(100);
    Console.WriteLine($"{numStreams} streams of {api}, a token each every {stepMs} ms or more");
    await MeasureAsync("warm-up", TimeSpan.FromSeconds(8));
    for (int run = 1; run <= 3; run++)
        await MeasureAsync($"run {run}", TimeSpan.FromSeconds(5));
}
finally
{
    readers.Kill();
}
await app.StopAsync();
return 0;

async Task MeasureAsync(string name, TimeSpan time)
{
    using var self = Process.GetCurrentProcess();
    (TimeSpan processor, TimeSpan kernel) = (self.TotalProcessorTime, self.PrivilegedProcessorTime);
    (long tokens, long bytes) = (engine.NumTokens, GC.GetTotalAllocatedBytes());
    await Task.Delay(time);
    self.Refresh();
    (processor, kernel) = (self.TotalProcessorTime - processor, self.PrivilegedProcessorTime - kernel);
    (tokens, bytes) = (engine.NumTokens - tokens, GC.GetTotalAllocatedBytes() - bytes);
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{name}: {tokens / time.TotalSeconds:0} tokens/s, {processor.TotalMicroseconds / tokens:0.0} µs of processor time a token ({kernel.TotalMicroseconds / tokens:0.0} in the kernel), {(double)bytes / tokens:0} bytes allocated"));
}

internal sealed class FakeSource(LoadedModel model) : IModelSource
{
    public Task<LoadedModel> LoadAsync(IProgress<double> progress, CancellationToken cancellationToken) => Task.FromResult(model);
}
