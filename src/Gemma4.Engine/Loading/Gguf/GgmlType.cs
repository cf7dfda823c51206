using System.Globalization;
using Gemma4.Engine.Kernels;
using Gemma4.Engine.Kernels.Panels;

namespace Gemma4.Engine.Loading.Gguf;

/// <summary>Tensor types by their numbers in the file (<c>ggml_type</c> in ggml.h).</summary>
internal static class GgmlType
{
    private static readonly Dictionary<uint, WeightFormat> Formats = new()
    {
        [0] = WeightFormat.Float32,
        [1] = WeightFormat.Float16,
        [2] = WeightFormat.Q4_0,
        [3] = WeightFormat.Q4_1,
        [6] = WeightFormat.Q5_0,
        [7] = WeightFormat.Q5_1,
        [8] = WeightFormat.Q8_0,
        [10] = WeightFormat.Q2_K,
        [11] = WeightFormat.Q3_K,
        [12] = WeightFormat.Q4_K,
        [13] = WeightFormat.Q5_K,
        [14] = WeightFormat.Q6_K,
        [20] = WeightFormat.IQ4_NL,
        [30] = WeightFormat.BFloat16,
        [39] = WeightFormat.MXFP4,
    };

    private static readonly Dictionary<uint, string> Unsupported = new()
    {
        [9] = "Q8_1",
        [15] = "Q8_K",
        [16] = "IQ2_XXS",
        [17] = "IQ2_XS",
        [18] = "IQ3_XXS",
        [19] = "IQ1_S",
        [21] = "IQ3_S",
        [22] = "IQ2_S",
        [23] = "IQ4_XS",
        [24] = "I8",
        [25] = "I16",
        [26] = "I32",
        [27] = "I64",
        [28] = "F64",
        [29] = "IQ1_M",
        [34] = "TQ1_0",
        [35] = "TQ2_0",
        [40] = "NVFP4",
    };

    /// <summary>Types of our own: "PA", a byte with the version of the panels' layout, and the byte of a type above. ggml's readers refuse them as unknown.</summary>
    private const uint PanelMark = 0x5041;

    /// <summary>What is read, as messages list it.</summary>
    public const string Supported = "F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_NL, MXFP4";

    /// <summary>Finds the format of a number.</summary>
    public static bool TryGet(uint number, out WeightFormat format) => Formats.TryGetValue(number, out format);

    /// <summary>The number of a format.</summary>
    public static uint NumberOf(WeightFormat format) => Formats.First(entry => entry.Value == format).Key;

    /// <summary>The number of a format in panels.</summary>
    public static uint NumberOfPanels(WeightFormat format) => PanelMark << 16 | (uint)PanelLayout.Version << 8 | NumberOf(format);

    /// <summary>Whether a number stands for panels, and of what.</summary>
    /// <param name="number">The number.</param>
    /// <param name="version">Of the layout.</param>
    /// <param name="format">What they hold.</param>
    public static bool TryGetPanels(uint number, out int version, out WeightFormat format)
    {
        version = (int)(number >> 8 & 0xFF);
        return TryGet(number & 0xFF, out format) && number >> 16 == PanelMark && PanelLayout.Exists(format);
    }

    /// <summary>What a number that is not read stands for.</summary>
    public static string NameOf(uint number) => Unsupported.GetValueOrDefault(number, number.ToString(CultureInfo.InvariantCulture));
}
