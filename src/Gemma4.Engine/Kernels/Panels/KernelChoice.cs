namespace Gemma4.Engine.Kernels.Panels;

/// <summary>Which products of quantised weights are used; all give the same bits.</summary>
internal enum KernelChoice
{
    /// <summary>The fastest that this processor and system allow.</summary>
    Auto,

    /// <summary>128 bits, any processor.</summary>
    Portable,

    /// <summary>256 bits: AVX2 and FMA; AVX-VNNI where the processor has it.</summary>
    Avx2,

    /// <summary>512 bits: AVX-512 F and BW.</summary>
    Avx512,

    /// <summary>512 bits with AVX-512 VNNI, assembled at start: .NET has no such intrinsics.</summary>
    Avx512Vnni,
}
