using System.Globalization;
using Gemma4.Benchmarks;
using Gemma4.Benchmarks.Kernels;
using Gemma4.Benchmarks.Vision;
using Gemma4.Engine;
using Gemma4.Engine.Backends.Torch;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Execution;
using Gemma4.Engine.Loading;
using Gemma4.Engine.Models;

if (args is ["images"])
{
    ImageBenchmark.Run(Console.Out);
    return 0;
}
if (args is ["products", ..] and ({ Length: 1 } or [_, "1" or "2" or "4" or "8" or "16"]))
{
    int team = args.Length == 2 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 1;
    double limit = team * Roofline.GigaflopsOfThread(team);
    Console.WriteLine($"{team} threads, {limit:0} GFLOP/s of float32 at most");
    PanelBenchmark.Run(Console.Out, team);
    MatMulBenchmark.Run(Console.Out, team, limit);
    return 0;
}
if (args is ["perplexity", _, _])
{
    PerplexityBenchmark.Run(Console.Out, Checkpoint.Open(args[1]), args[2]);
    return 0;
}
if (args is ["rounding", _, _])
{
    RoundingBenchmark.Run(Console.Out, Checkpoint.Open(args[1]), args[2]);
    return 0;
}
if (args is not ["steps" or "encoder", _, ..] || args.Length > 3)
{
    Console.Error.WriteLine("""
        Gemma4.Benchmarks steps MODEL [THREADS]         times steps of a model: prompt, decoding alone, decoding together
        Gemma4.Benchmarks encoder MODEL [THREADS]       times images on their way through a model's vision tower
        Gemma4.Benchmarks products [THREADS]            times products with weight matrices: 1, 2, 4, 8 or 16 threads
        Gemma4.Benchmarks perplexity MODEL CONVERSATIONS   what fewer bits cost: perplexity of answers in each form
        Gemma4.Benchmarks rounding MODEL CONVERSATIONS     what products in int8 lose, by how many numbers share a scale
        Gemma4.Benchmarks images                        times the preparation of a 12-megapixel JPEG
        """);
    return 2;
}
int? wanted = args.Length == 3 ? int.Parse(args[2], CultureInfo.InvariantCulture) : null;
NativeThreads.Configure(wanted);
Checkpoint checkpoint = Checkpoint.Open(args[1]);
using Gemma4Model model = checkpoint.LoadModel(new ComputeOptions { Device = "cpu", Dtype = "bfloat16", Threads = wanted });
LocatedWeight[] located = [.. checkpoint.OpenTensors().Locate(model.Config, ModelLoader.Expect(model.Config).Shapes).Values
    .Where(t => t.Name == "lm_head.weight" || (t.Name.StartsWith("model.language_model.", StringComparison.Ordinal) && !IsOnlyGathered(t.Name)))];
long weights = located.Sum(t => t.Length), experts = located.Where(t => t.Name.Contains(".experts.", StringComparison.Ordinal)).Sum(t => t.Length);
long weightsOfToken = model.Config.Text.Moe is { } moe ? weights - experts + experts * moe.NumActiveExperts / moe.NumExperts : weights;
bool large = weights > 1_000_000_000;
int threads = model.Backend.NumWorkers;
if (args[0] == "encoder")
{
    double gigaflops = Roofline.GigaflopsOfThread(threads);
    Console.WriteLine($"{args[1]}: {threads} threads of {gigaflops:0} GFLOP/s of float32 at most");
    EncoderBenchmark.Run(Console.Out, model, gigaflops, rounds: large ? 1 : 5);
    return 0;
}
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{args[1]}: {threads} threads, {weights / 1e9:0.00} GB of text weights, {weightsOfToken / 1e9:0.00} GB a token; {model.Backend.Description}"));
using var benchmark = new StepBenchmark(model, weightsOfToken);
int repeats = large ? 8 : 50;
benchmark.Run(Console.Out, "prompt", 1, 512, 0, large ? 1 : 5);
benchmark.Run(Console.Out, "decode, 1 sequence", 1, 1, 256, repeats);
benchmark.Run(Console.Out, "decode, 8 sequences", 8, 1, 256, repeats);
return 0;

// A tied embedding is multiplied with as the head; one beside a head of its own, and the per-layer table, are gathered from.
bool IsOnlyGathered(string name) => name.Contains("embed_tokens_per_layer", StringComparison.Ordinal)
    || (!model.Config.Text.TiedHead && name == "model.language_model.embed_tokens.weight");
