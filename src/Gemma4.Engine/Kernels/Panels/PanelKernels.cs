using System.Runtime.Intrinsics;

namespace Gemma4.Engine.Kernels.Panels;

/// <summary>The products of quantised weights that are in use: one kernel a format, chosen once.</summary>
/// <remarks>It may be disposed of when no product runs any more.</remarks>
internal sealed unsafe class PanelKernels : IDisposable
{
    private readonly delegate*<PanelTile*, void>[] _compiled;
    private readonly VnniKernels? _assembled;

    private PanelKernels(KernelChoice choice, delegate*<PanelTile*, void>[] compiled, VnniKernels? assembled)
    {
        Choice = choice;
        _compiled = compiled;
        _assembled = assembled;
    }

    /// <summary>What is in use; never <see cref="KernelChoice.Auto"/>.</summary>
    public KernelChoice Choice { get; }

    /// <summary>What this processor can run, best first.</summary>
    public static IEnumerable<KernelChoice> Supported()
    {
        if (VnniKernels.IsSupported)
            yield return KernelChoice.Avx512Vnni;
        if (PanelLanes512.IsSupported)
            yield return KernelChoice.Avx512;
        if (PanelLanes256.IsSupported)
            yield return KernelChoice.Avx2;
        yield return KernelChoice.Portable;
    }

    /// <summary>Fills the table.</summary>
    /// <exception cref="PlatformNotSupportedException">This processor or system cannot run what was chosen.</exception>
    public static PanelKernels Create(KernelChoice choice)
    {
        if (choice is not KernelChoice.Auto && !Supported().Contains(choice))
            throw new PlatformNotSupportedException($"Kernels '{choice}' do not run here; these do: {string.Join(", ", Supported())}.");
        VnniKernels? assembled = null;
        if (choice is KernelChoice.Avx512Vnni || (choice is KernelChoice.Auto && VnniKernels.IsSupported))
        {
            assembled = VnniKernels.TryAssemble();
            if (assembled is null && choice is KernelChoice.Avx512Vnni)
                throw new PlatformNotSupportedException($"Kernels '{choice}' need memory that may be made executable, which this system forbids.");
        }
        if (choice is KernelChoice.Auto)
            choice = Supported().First(c => c is not KernelChoice.Avx512Vnni || assembled is not null);
        return new(choice, choice switch
        {
            KernelChoice.Avx512Vnni or KernelChoice.Avx512 => Table<PanelLanes512, Vector512<byte>>(),
            KernelChoice.Avx2 => Table<PanelLanes256, Vector256<byte>>(),
            _ => Table<PanelLanes128, Vector128<byte>>(),
        }, assembled);
    }

    /// <summary>Computes a tile.</summary>
    public void Run(WeightFormat format, PanelTile* tile)
    {
        if (_assembled is not null)
            _assembled.Run(format, tile);
        else
            _compiled[(int)format](tile);
    }

    /// <inheritdoc/>
    public void Dispose() => _assembled?.Dispose();

    private static delegate*<PanelTile*, void>[] Table<TLanes, TVector>()
        where TLanes : struct, IPanelLanes<TVector>
        where TVector : struct
    {
        var table = new delegate*<PanelTile*, void>[Enum.GetValues<WeightFormat>().Length];
        table[(int)WeightFormat.Q4_0] = &PanelKernel<TLanes, TVector, NibbleCodes, HalfScales, Offset8>.Run;
        table[(int)WeightFormat.Q4_1] = &PanelKernel<TLanes, TVector, NibbleCodes, HalfMinimumScales, NoOffset>.Run;
        table[(int)WeightFormat.Q5_0] = &PanelKernel<TLanes, TVector, FiveBitCodes, HalfScales, Offset16>.Run;
        table[(int)WeightFormat.Q5_1] = &PanelKernel<TLanes, TVector, FiveBitCodes, HalfMinimumScales, NoOffset>.Run;
        table[(int)WeightFormat.Q8_0] = &PanelKernel<TLanes, TVector, ByteCodes, HalfScales, Offset128>.Run;
        table[(int)WeightFormat.Q2_K] = &PanelKernel<TLanes, TVector, TwoBitCodes, NibbleSubMinimumScales, NoOffset>.Run;
        table[(int)WeightFormat.Q3_K] = &PanelKernel<TLanes, TVector, ThreeBitCodes, SubScales, Offset4>.Run;
        table[(int)WeightFormat.Q4_K] = &PanelKernel<TLanes, TVector, NibbleCodes, SubMinimumScales, NoOffset>.Run;
        table[(int)WeightFormat.Q5_K] = &PanelKernel<TLanes, TVector, FiveBitCodes, SubMinimumScales, NoOffset>.Run;
        table[(int)WeightFormat.Q6_K] = &PanelKernel<TLanes, TVector, SixBitCodes, SubScales, Offset32>.Run;
        table[(int)WeightFormat.IQ4_NL] = &PanelKernel<TLanes, TVector, NonLinearCodes, HalfScales, Offset128>.Run;
        table[(int)WeightFormat.MXFP4] = &PanelKernel<TLanes, TVector, E2m1Codes, BFloatScales, Offset16>.Run;
        return table;
    }
}
