using System.Runtime.Intrinsics.X86;

namespace Gemma4.Engine.Kernels.Panels;

/// <summary>Assembled kernels of every format and tile, in executable memory.</summary>
internal sealed unsafe class VnniKernels : IDisposable
{
    private const int Alignment = 64;

    private readonly ExecutableMemory _memory;
    private readonly int[] _offsets;

    private VnniKernels(ExecutableMemory memory, int[] offsets) => (_memory, _offsets) = (memory, offsets);

    /// <summary>Whether this processor has AVX-512 VNNI and its system saves the registers.</summary>
    /// <remarks>CPUID leaf 7, ECX bit 11 (Intel SDM, volume 2A); .NET itself looks whether the system saves 512-bit registers.</remarks>
    public static bool IsSupported => Avx512BW.IsSupported && Avx512DQ.IsSupported && (X86Base.CpuId(7, 0).Ecx & 1 << 11) != 0;

    /// <summary>Assembles all kernels; null where memory may not be made executable.</summary>
    public static VnniKernels? TryAssemble()
    {
        var code = new MemoryStream();
        var offsets = new int[Enum.GetValues<WeightFormat>().Length * ActivationGroups.TileTokens];
        foreach (WeightFormat format in Enum.GetValues<WeightFormat>().Where(PanelLayout.Exists))
        {
            for (int tokens = 1; tokens <= ActivationGroups.TileTokens; tokens++)
            {
                code.SetLength((code.Length + Alignment - 1) / Alignment * Alignment);
                code.Position = code.Length;
                offsets[Index(format, tokens)] = (int)code.Length;
                code.Write(VnniAssembler.Assemble(PanelLayout.Of(format), tokens));
            }
        }
        return ExecutableMemory.TryPublish(code.GetBuffer().AsSpan(0, (int)code.Length)) is { } memory ? new(memory, offsets) : null;
    }

    /// <summary>Computes a tile.</summary>
    public void Run(WeightFormat format, PanelTile* tile) =>
        ((delegate* unmanaged<PanelTile*, void>)(_memory.Address + _offsets[Index(format, (int)tile->Tokens)]))(tile);

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    private static int Index(WeightFormat format, int tokens) => (int)format * ActivationGroups.TileTokens + tokens - 1;
}
