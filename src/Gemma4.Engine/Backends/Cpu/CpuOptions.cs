using Gemma4.Engine.Kernels.Panels;

namespace Gemma4.Engine.Backends.Cpu;

/// <summary>How text is computed on the CPU.</summary>
/// <param name="NumThreads">Threads, the engine's own included; at least 1.</param>
internal sealed record CpuOptions(int NumThreads)
{
    /// <summary>True where weights that are stored in float32 are rounded to bfloat16, which halves what a token reads.</summary>
    public bool RoundsToBFloat16 { get; init; }

    /// <summary>How keys and values are stored.</summary>
    public KvFormat KvFormat { get; init; } = KvFormat.BFloat16;

    /// <summary>What weights that are stored as floats are rounded to while loading.</summary>
    public Quantization Quantization { get; init; }

    /// <summary>True where quantised weights are multiplied with activations in float32, at their full width: exact, and slow.</summary>
    public bool ExactActivations { get; init; }

    /// <summary>Which kernels multiply quantised weights.</summary>
    public KernelChoice Kernels { get; init; }
}

/// <summary>What weights that are stored as floats are rounded to while loading.</summary>
internal enum Quantization
{
    /// <summary>Nothing: they stay as they are stored.</summary>
    None,

    /// <summary>8 bits in groups of 32 with a scale (Q8_0).</summary>
    Int8,

    /// <summary>4 bits in groups of 32 with a scale (Q4_0); the output projection in 8 bits.</summary>
    Int4,
}
