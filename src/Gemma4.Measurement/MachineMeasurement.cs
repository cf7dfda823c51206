using System.Diagnostics;
using Gemma4.Engine;
using Gemma4.Engine.Backends;
using Gemma4.Engine.Backends.Cpu;
using Gemma4.Engine.Kernels;
using Gemma4.Engine.Kernels.Panels;
using Gemma4.Engine.Simulation;

namespace Gemma4.Measurement;

/// <summary>Measures in some six seconds what this machine's CPU gives steps of a model: products with weights of the model's form, by the code that serves.</summary>
public static unsafe class MachineMeasurement
{
    /// <summary>Bytes of the weights at most: more than caches hold. A model that has fewer is measured with as many, since caches may hold them.</summary>
    private const long MaxBytes = 768L << 20;

    /// <summary>Rows of a panel and columns of its blocks divide this.</summary>
    private const int SizeUnit = 256;

    /// <summary>Rows and columns of a weight whose product is little more than handing it to the threads.</summary>
    private const int SmallSize = 256;

    /// <summary>Tokens of a step that computes far longer than it reads.</summary>
    private const int LongStep = 256;

    /// <summary>Weights that it is multiplied with: to compute with all would take long.</summary>
    private const int NumLongWeights = 4;

    /// <summary>Tokens of a step that does both.</summary>
    private const int MixedStep = 8;

    /// <summary>What a layer hands to the threads beside its products: norms, rotation, attention, sums.</summary>
    private const int HandOversOfLayer = 8;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(0.2), Duration = TimeSpan.FromSeconds(0.3), FirstWarmUp = TimeSpan.FromSeconds(1);

    /// <summary>Measures. Takes up to a gigabyte of memory meanwhile.</summary>
    /// <param name="plan">The model.</param>
    /// <param name="threads">Threads that compute; null takes one a core.</param>
    public static MachineSpeed Run(ModelPlan plan, int? threads)
    {
        ArgumentNullException.ThrowIfNull(plan);
        using var backend = new CpuBackend(new CpuOptions(threads ?? PhysicalCores.Count()));
        WeightFormat format = plan.MultipliedFormat;
        bool inPanels = PanelLayout.Exists(format);
        int side = (plan.Text.HiddenSize + SizeUnit - 1) / SizeUnit * SizeUnit;
        long bytes = inPanels ? PanelMatrix.BytesOf(format, side, side) : side * format.RowBytes(side);
        int count = (int)Math.Max(NumLongWeights, Math.Min(MaxBytes, plan.Work.BitsPerWeight / 8 * plan.Work.NumWeights) / bytes);
        using var memory = new HostMemory(count * bytes);
        Fill(memory, backend);
        Projection Weight(long offset, int size) =>
            backend.CreateProjection(new StoredWeight("measured", format, [size, size], memory.Data + offset, inPanels));
        Projection[] weights = [.. Enumerable.Range(0, count).Select(i => Weight(i * bytes, side))], some = weights[..NumLongWeights];
        Activations x = backend.CreateActivations("measured input", side), y = backend.CreateActivations("measured output", side);
        Activations smallX = backend.CreateActivations("small input", SmallSize), smallY = backend.CreateActivations("small output", SmallSize);
        double products = (double)side * side;

        // The runtime compiles what runs often once more, some time after it has begun to: until then the same code is ten times as slow.
        foreach (int tokens in (int[])[1, MixedStep, LongStep])
            WarmUpFor(FirstWarmUp, backend, some, x, y, tokens);
        double oneToken = Seconds(backend, weights, x, y, tokens: 1);
        double longStep = Seconds(backend, some, x, y, LongStep) / (some.Length * products * LongStep);
        double reading = oneToken, computing = longStep * count * products * MixedStep;
        double mixed = Seconds(backend, weights, x, y, MixedStep);
        double overlap = Math.Clamp((reading + computing - mixed) / Math.Min(reading, computing), 0, 1);

        double handOver = Seconds(backend, [Weight(0, SmallSize)], smallX, smallY, tokens: 1);
        return new MachineSpeed(count * bytes / oneToken, 1 / longStep, overlap, TimeSpan.FromSeconds(HandOversOfLayer * plan.Text.Layers.Length * handOver));
    }

    /// <summary>Seconds of the fastest of many passes over some weights.</summary>
    private static double Seconds(CpuBackend backend, Projection[] weights, Activations x, Activations y, int tokens)
    {
        var step = new StepInputs(0);
        step.Add(0, tokens);
        backend.Begin(step, null!);      // no attention, no cache
        double best = double.PositiveInfinity;
        long began = Stopwatch.GetTimestamp();
        for (int pass = 0; pass < 2 || Stopwatch.GetElapsedTime(began) < WarmUp + Duration; pass++)     // the fastest is none of the first
        {
            long start = Stopwatch.GetTimestamp();
            foreach (Projection weight in weights)
                weight.Apply(x, y);
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return best;
    }

    private static void WarmUpFor(TimeSpan duration, CpuBackend backend, Projection[] weights, Activations x, Activations y, int tokens)
    {
        for (long began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < duration;)
            Seconds(backend, weights, x, y, tokens);
    }

    /// <summary>Writes all of the memory: numbers of an ordinary size in every format, since those that are not may be slower.</summary>
    private static void Fill(HostMemory memory, CpuBackend backend) => backend.ShareOut((int)((memory.Length + FillPart.Bytes - 1) / FillPart.Bytes), new FillPart(memory));

    private sealed class FillPart(HostMemory memory) : IParts
    {
        public const long Bytes = 1 << 20;

        public void Run(int part, int worker) =>
            new Span<byte>(memory.Data + part * Bytes, (int)Math.Min(Bytes, memory.Length - part * Bytes)).Fill(0x3c);
    }
}
