namespace Gemma4.Engine.Backends.Torch;

/// <summary>How libtorch computes text.</summary>
/// <param name="NumThreads">Threads that read embedding rows and sample on the host; at least 1.</param>
internal sealed record TorchOptions(int NumThreads)
{
    /// <summary>Index of the CUDA device; null computes on the CPU.</summary>
    public int? CudaIndex { get; init; }

    /// <summary>True computes in bfloat16, false in float32.</summary>
    public bool RoundsToBFloat16 { get; init; }

    /// <summary>How keys and values are stored; null stores them as they are computed.</summary>
    public KvFormat? KvFormat { get; init; }
}
