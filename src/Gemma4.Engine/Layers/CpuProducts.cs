using Gemma4.Engine.Kernels;
using static TorchSharp.torch;

namespace Gemma4.Engine.Layers;

/// <summary>Makes a model's products on the CPU, which share one team of threads, as many as libtorch has.</summary>
internal sealed class CpuProducts : IDisposable
{
    /// <summary>The threads.</summary>
    public WorkerTeam Team { get; } = new(get_num_threads());

    /// <summary>A product with a dense float32 or bfloat16 weight <c>[out, in]</c>, which stays its owner's.</summary>
    public Linear Of(Tensor weight) => new CpuLinear(weight, Team);

    public void Dispose() => Team.Dispose();
}
