using System.Diagnostics;
using System.Globalization;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Models;
using Gemma4.Engine.Models.Towers;
using Gemma4.Engine.Models.Vision;
using Gemma4.Engine.Vision;

namespace Gemma4.Benchmarks.Vision;

/// <summary>Times one image's way through the vision tower at each budget, as a share of the machine's arithmetic limit.</summary>
internal static class EncoderBenchmark
{
    /// <summary>Prints a line a budget.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="model">Sees; borrowed.</param>
    /// <param name="gigaflops">A thread's arithmetic limit.</param>
    /// <param name="rounds">Of which the best counts.</param>
    public static void Run(TextWriter output, Gemma4Model model, double gigaflops, int rounds)
    {
        output.WriteLine("budget | patches | ms | slices | slowest slice, ms | ms of processor time | GFLOP | share of the limit");
        foreach (int budget in SoftTokenBudget.Allowed)
        {
            (int width, int height) = SoftTokenBudget.TargetSize(1280, 720, budget);
            int columns = width / SoftTokenBudget.PatchSize, patches = columns * (height / SoftTokenBudget.PatchSize);
            var image = new ImagePatches(new float[patches * model.Config.Vision!.PatchValues], columns);
            double best = double.PositiveInfinity, slowest = 0, processor = double.PositiveInfinity;
            int slices = 0;
            for (int round = 0; round < rounds; round++)
            {
                TimeSpan before = Environment.CpuUsage.TotalTime;
                List<double> times = Encode(model, image);
                processor = Math.Min(processor, (Environment.CpuUsage.TotalTime - before).TotalSeconds);
                if (times.Sum() < best)
                    (best, slowest, slices) = (times.Sum(), times.Max(), times.Count);
            }
            double work = Flops(model.Config.Vision, model.Config.Text.HiddenSize, patches) / 1e9;
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{budget} | {patches} | {best * 1e3:0} | {slices} | {slowest * 1e3:0.0} | {processor * 1e3:0} | {work:0.0} | {work / processor / gigaflops:0.00}"));
        }
    }

    private static List<double> Encode(Gemma4Model model, ImagePatches image)
    {
        using IEncoderPass pass = model.BeginImages([image]);
        var times = new List<double>();
        float[]? softTokens;
        do
        {
            long start = Stopwatch.GetTimestamp();
            softTokens = pass.Advance();
            times.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        while (softTokens is null);
        return times;
    }

    /// <summary>Two operations a multiply-add of the matrix products; norms, activations and rotations are left out.</summary>
    private static double Flops(VisionConfig tower, int textSize, double patches)
    {
        double heads = (2.0 * tower.NumHeads + 2.0 * tower.NumKvHeads) * tower.HeadDim;
        double layer = patches * tower.HiddenSize * (heads + 3.0 * tower.IntermediateSize) + 2 * patches * patches * tower.NumHeads * tower.HeadDim;
        double softTokens = patches / (tower.PoolingSize * tower.PoolingSize);
        return 2 * (patches * tower.PatchValues * tower.HiddenSize + tower.NumLayers * layer + softTokens * tower.HiddenSize * textSize);
    }
}
