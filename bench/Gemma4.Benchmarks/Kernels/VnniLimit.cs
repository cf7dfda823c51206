using Gemma4.Engine.Kernels.Panels;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Gemma4.Benchmarks.Kernels;

/// <summary>The most that products of bytes can reach: <c>vpdpbusd</c> on registers, nothing else.</summary>
internal static unsafe class VnniLimit
{
    private const int Iterations = 2_000_000, Chains = 24, Products = 64;

    /// <summary>Multiplications of a thread, in units of 10⁹ a second; 0 where there is no AVX-512 VNNI.</summary>
    public static double GigaMultiplications()
    {
        if (!VnniKernels.IsSupported)
            return 0;
        using ExecutableMemory? loop = ExecutableMemory.TryPublish(Assemble());
        if (loop is null)
            return 0;
        nint address = (nint)loop.Address;
        double best = ThreadTime.Best(threads: 1, rounds: 12, (_, _) => ((delegate* unmanaged<long, void>)address)(Iterations));
        return (double)Iterations * Chains * Products / best / 1e9;
    }

    private static byte[] Assemble()
    {
        AssemblerRegisterZMM[] sums =
        [
            zmm0, zmm1, zmm2, zmm3, zmm4, zmm5, zmm6, zmm7, zmm8, zmm9, zmm10, zmm11,
            zmm12, zmm13, zmm14, zmm15, zmm16, zmm17, zmm18, zmm19, zmm20, zmm21, zmm22, zmm23,
        ];
        var code = new Assembler(64) { PreferVex = false };
        Label loop = code.CreateLabel();
        code.vpxord(zmm30, zmm30, zmm30);
        code.vpxord(zmm31, zmm31, zmm31);
        code.Label(ref loop);
        foreach (AssemblerRegisterZMM sum in sums)
            code.vpdpbusd(sum, zmm30, zmm31);
        code.dec(rdi);
        code.jnz(loop);
        code.vzeroupper();
        code.ret();
        using var stream = new MemoryStream();
        code.Assemble(new StreamCodeWriter(stream), 0);
        return stream.ToArray();
    }
}
