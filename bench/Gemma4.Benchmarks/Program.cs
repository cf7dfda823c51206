using Gemma4.Benchmarks;
using Gemma4.Engine.Layers;
using Gemma4.Engine.Loading;
using Gemma4.Engine.Models;
using static TorchSharp.torch;

if (args.Length is not (1 or 2))
{
    Console.Error.WriteLine("Gemma4.Benchmarks MODEL_DIR [THREADS]   times steps of a model: prompt, decoding alone, decoding together");
    return 2;
}
NativeThreads.Configure(args.Length == 2 ? int.Parse(args[1]) : null);
using IDisposable inference = inference_mode();
using Gemma4Model model = ModelLoader.Load(args[0], ScalarType.BFloat16, CPU);
long weights = ModelLoader.ExpectedTensors(model.Config)
    .Where(t => t.Key.StartsWith("model.language_model.", StringComparison.Ordinal) && !t.Key.Contains("embed_tokens_per_layer", StringComparison.Ordinal))
    .Sum(t => 2 * t.Value.Aggregate(1L, (product, dimension) => product * dimension));
Console.WriteLine($"{args[0]}: {get_num_threads()} threads, {weights / 1e9:0.00} GB of text weights");
using var benchmark = new StepBenchmark(model, weights);
bool large = weights > 1_000_000_000;
int repeats = large ? 3 : 50;
benchmark.Run(Console.Out, "prompt", 1, 256, 0, large ? 1 : 5);
benchmark.Run(Console.Out, "decode, 1 sequence", 1, 1, 256, repeats);
benchmark.Run(Console.Out, "decode, 8 sequences", 8, 1, 256, repeats);
return 0;
