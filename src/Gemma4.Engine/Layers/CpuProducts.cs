using Gemma4.Engine.Kernels;
using static TorchSharp.torch;

namespace Gemma4.Engine.Layers;

/// <summary>Makes a model's products on the CPU, which share one team of threads, as many as libtorch has.</summary>
internal sealed class CpuProducts : IDisposable
{
    private readonly WorkerTeam _team = new(get_num_threads());

    /// <summary>A product with a dense float32 or bfloat16 weight <c>[out, in]</c>, which stays its owner's.</summary>
    public Linear Of(Tensor weight) => new CpuLinear(weight, _team);

    public void Dispose() => _team.Dispose();
}
