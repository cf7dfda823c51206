using Gemma4.Engine.Kernels;
using Gemma4.Engine.Kernels.Panels;

namespace Gemma4.Engine.Loading.Repacked;

/// <summary>What a file that holds a weight in panels must keep to.</summary>
internal static class PanelSlice
{
    /// <summary>Panels begin at multiples of so many bytes.</summary>
    public const int Alignment = PanelLayout.LineBytes;

    /// <summary>Rows and columns that are counted in 32 bits, with room to round up to whole panels.</summary>
    private const int MaxDimension = int.MaxValue - 1024;

    /// <summary>Whether panels may begin at a byte of a file.</summary>
    public static bool IsAligned(long offset) => offset % Alignment == 0;

    /// <summary>What is wrong with panels of a version of the layout; null for the one that this program reads.</summary>
    public static string? Problem(int version) => version == PanelLayout.Version
        ? null
        : $"its panels have layout {version}, and this version of the program reads {PanelLayout.Version}: the file is stale. Make it anew with quantize from the original model";

    /// <summary>Bytes of a weight in panels; null where no weight has such a shape.</summary>
    /// <param name="format">What the panels hold.</param>
    /// <param name="shape">The weight's dimensions; the last is the rows' width.</param>
    public static long? BytesOf(WeightFormat format, ReadOnlySpan<long> shape)
    {
        if (shape.Length < 2 || shape[^1] is < 1 or > MaxDimension || shape[^1] % format.BlockLength != 0)
            return null;
        long rows = 1;
        foreach (long dimension in shape[..^1])
        {
            if (dimension is < 1 or > MaxDimension || (rows *= dimension) > MaxDimension)
                return null;
        }
        Int128 bytes = (Int128)((rows + PanelLayout.Rows - 1) / PanelLayout.Rows) * PanelLayout.Of(format).PanelBytes((int)shape[^1]);
        return bytes > long.MaxValue ? null : (long)bytes;
    }

    /// <summary>Whether a weight can lie in panels: every matrix that is taken of it begins with a panel.</summary>
    /// <param name="shape">Its dimensions; of experts, each begins with a gate, and half way there is an up.</param>
    public static bool CanHold(ReadOnlySpan<long> shape) => shape.Length == 2 || (shape.Length == 3 && shape[1] % (2 * PanelLayout.Rows) == 0);
}
