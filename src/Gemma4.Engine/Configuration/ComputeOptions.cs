namespace Gemma4.Engine.Configuration;

/// <summary>Where and how a model is computed, in the words of the command line.</summary>
public sealed record ComputeOptions
{
    /// <summary><c>auto</c> (CUDA where there is one), <c>cpu</c>, <c>cuda</c> or <c>cuda:n</c>.</summary>
    public string Device { get; init; } = "auto";

    /// <summary><c>auto</c>, <c>cpu</c> (our own kernels) or <c>torch</c> (libtorch's operators, on any device).</summary>
    public string Backend { get; init; } = "auto";

    /// <summary><c>auto</c>, <c>float32</c> or <c>bfloat16</c>: what weights and, on a device, activations are rounded to.</summary>
    public string Dtype { get; init; } = "auto";

    /// <summary><c>auto</c>, <c>float32</c>, <c>bfloat16</c> or <c>int8</c>: what keys and values are stored as.</summary>
    public string KvDtype { get; init; } = "auto";

    /// <summary><c>none</c>, <c>int8</c> or <c>int4</c>: what weights that are stored as floats are rounded to while loading.</summary>
    public string Quantization { get; init; } = "none";

    /// <summary><c>auto</c> or <c>float32</c>: what quantised weights are multiplied with. The second is exact and slow: for verification.</summary>
    public string Activations { get; init; } = "auto";

    /// <summary><c>auto</c>, <c>portable</c>, <c>avx2</c>, <c>avx512</c> or <c>avx512-vnni</c>: which kernels multiply quantised weights; all give the same bits.</summary>
    public string Kernels { get; init; } = "auto";

    /// <summary>True where weights that are computed with as they lie in their files are read when a step first wants them: the start is quick and the
    /// first answers are slow. Otherwise they are read, and looked through, at the start.</summary>
    public bool LazyWeights { get; init; }

    /// <summary>Threads that compute on a CPU; null takes one a core.</summary>
    public int? Threads { get; init; }
}
