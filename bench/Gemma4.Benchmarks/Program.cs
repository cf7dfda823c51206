using System.Globalization;
using Gemma4.Benchmarks;
using Gemma4.Benchmarks.Kernels;
using Gemma4.Benchmarks.Vision;
using Gemma4.Engine;
using Gemma4.Engine.Backends.Torch;
using Gemma4.Engine.Configuration;
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
if (args is not ["encoder", _, ..] || args.Length > 3)
{
    Console.Error.WriteLine("""
        Gemma4.Benchmarks encoder MODEL [THREADS]       times images on their way through a model's vision tower
        Gemma4.Benchmarks products [THREADS]            times products with weight matrices: 1, 2, 4, 8 or 16 threads
        Gemma4.Benchmarks perplexity MODEL CONVERSATIONS   what fewer bits cost: perplexity of answers in each form
        Gemma4.Benchmarks rounding MODEL CONVERSATIONS     what products in int8 lose, by how many numbers share a scale
        Gemma4.Benchmarks images                        times the preparation of a 12-megapixel JPEG
        A model's steps are timed by the program itself: gemma4 bench MODEL.
        """);
    return 2;
}
int? wanted = args.Length == 3 ? int.Parse(args[2], CultureInfo.InvariantCulture) : null;
NativeThreads.Configure(wanted);
var checkpoint = Checkpoint.Open(args[1]);
using Gemma4Model model = checkpoint.LoadModel(new ComputeOptions { Device = "cpu", Dtype = "bfloat16", Threads = wanted });
int threads = model.Backend.NumWorkers;
double gigaflops = Roofline.GigaflopsOfThread(threads);
Console.WriteLine($"{args[1]}: {threads} threads of {gigaflops:0} GFLOP/s of float32 at most");
EncoderBenchmark.Run(Console.Out, model, gigaflops, rounds: model.Config.Text.HiddenSize > 1000 ? 1 : 5);
return 0;
