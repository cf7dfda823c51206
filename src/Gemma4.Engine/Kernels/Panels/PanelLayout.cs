namespace Gemma4.Engine.Kernels.Panels;

/// <summary>Where the scales of a superblock lie, and what they are.</summary>
internal enum PanelScales
{
    /// <summary>A float16 a group of 32.</summary>
    Half,

    /// <summary>The upper half of a float32 a group of 32: powers of two that float16 cannot hold.</summary>
    BFloat,

    /// <summary>A float16 scale and a float16 minimum, which is added, a group of 32.</summary>
    HalfMinimum,

    /// <summary>A signed byte a group of 16, times a float16 a superblock.</summary>
    SubScale,

    /// <summary>A byte for the scale and one for the minimum, which is subtracted, a group of 32, each times a float16 a superblock.</summary>
    SubScaleMinimum,

    /// <summary>The same a group of 16, in four bits each: the scale in the lower.</summary>
    NibbleSubScaleMinimum,
}

/// <summary>How a weight lies in panels: 16 rows side by side, cut into superblocks that hold the codes and scales of some columns.</summary>
/// <remarks>
/// <para>
/// A superblock begins with its scales, 16 rows side by side (<see cref="PanelScales"/>), and zeros up to a whole line of 64 bytes; then come the
/// codes, group after group of 32 columns, so that all is read in the order of memory. A group is made of lines in which byte <c>4r + b</c> belongs
/// to row r of the panel, so that one 512-bit load has four columns of all 16 rows, and a dot product of bytes in lanes of 32 bits gives a number a row.
/// With <c>j = column / 4</c> and <c>b = column mod 4</c>, a code is put together from
/// </para>
/// <list type="bullet">
/// <item>eight lines of whole bytes, line j; or</item>
/// <item>four lines of nibbles: line j in the lower, line j − 4 in the upper nibble;</item>
/// <item>two lines of bit pairs: line j / 4, pair j mod 4 of the byte; above the nibble, if there is one;</item>
/// <item>one line of single bits: bit j of the byte; above what comes before.</item>
/// </list>
/// <para>What the stored format has is kept exactly. A number is <c>scale · (code − <see cref="Offset"/>) ± minimum</c>, its scale and minimum
/// exact products of at most 19 bits.</para>
/// </remarks>
/// <param name="Format">The stored format.</param>
/// <param name="Nibbles">Whether there are lines of nibbles.</param>
/// <param name="Pairs">Whether there are lines of bit pairs.</param>
/// <param name="Singles">Whether there is a line of single bits.</param>
/// <param name="Scales">What the scales are.</param>
/// <param name="Offset">What is taken from every code.</param>
internal sealed record PanelLayout(WeightFormat Format, bool Nibbles, bool Pairs, bool Singles, PanelScales Scales, int Offset)
{
    /// <summary>Version of this layout, which files of panels carry: to be raised with every change of it.</summary>
    public const int Version = 1;

    /// <summary>Rows of a panel.</summary>
    public const int Rows = 16;

    /// <summary>Columns of a group: those of one scale of the activations.</summary>
    public const int GroupColumns = 32;

    /// <summary>Bytes of four columns of a panel.</summary>
    public const int LineBytes = 64;

    private const int HalfRowBytes = Rows * sizeof(ushort);

    /// <summary>e2m1 floats, doubled so that they are whole, plus 16 (OCP Microscaling Formats 1.0, 5.3.3).</summary>
    public static ReadOnlySpan<byte> E2m1 => [16, 17, 18, 19, 20, 22, 24, 28, 16, 15, 14, 13, 12, 10, 8, 4];

    /// <summary>ggml's <c>kvalues_iq4nl</c>, plus 128.</summary>
    public static ReadOnlySpan<byte> NonLinear => [1, 24, 45, 63, 79, 93, 106, 118, 129, 141, 153, 166, 181, 197, 217, 241];

    /// <summary>What a nibble stands for, the offset added; empty where it stands for itself.</summary>
    public ReadOnlySpan<byte> Table => Format switch
    {
        WeightFormat.IQ4_NL => NonLinear,
        WeightFormat.MXFP4 => E2m1,
        _ => [],
    };

    /// <summary>Columns of a superblock.</summary>
    public int Columns => Scales is PanelScales.Half or PanelScales.BFloat or PanelScales.HalfMinimum ? 64 : 256;

    /// <summary>Groups of 32 columns of a superblock.</summary>
    public int Groups => Columns / GroupColumns;

    /// <summary>Columns that share a scale of the weight: 32 or 16.</summary>
    public int ScaleColumns => Scales is PanelScales.SubScale or PanelScales.NibbleSubScaleMinimum ? 16 : GroupColumns;

    /// <summary>Whether there are minima.</summary>
    public bool HasMinima => Scales is PanelScales.HalfMinimum or PanelScales.SubScaleMinimum or PanelScales.NibbleSubScaleMinimum;

    /// <summary>Whether codes are whole bytes.</summary>
    public bool Bytes => !Nibbles && !Pairs;

    /// <summary>Bytes of the codes of a group.</summary>
    public int GroupBytes => LineBytes * (Bytes ? 8 : (Nibbles ? 4 : 0) + (Pairs ? 2 : 0) + (Singles ? 1 : 0));

    /// <summary>Where a superblock's codes begin.</summary>
    public int CodesAt => (ScaleBytes + LineBytes - 1) / LineBytes * LineBytes;

    /// <summary>Bytes of a superblock: whole cache lines.</summary>
    public int SuperBytes => CodesAt + Groups * GroupBytes;

    private int ScaleBytes => Scales switch
    {
        PanelScales.Half or PanelScales.BFloat => Groups * HalfRowBytes,
        PanelScales.HalfMinimum => 2 * Groups * HalfRowBytes,
        PanelScales.SubScale => 2 * Groups * Rows + HalfRowBytes,
        PanelScales.SubScaleMinimum or PanelScales.NibbleSubScaleMinimum => 2 * Groups * Rows + 2 * HalfRowBytes,
        _ => throw new InvalidOperationException($"No size is known of {Scales}."),
    };

    /// <summary>Whether products of panels are made of a format.</summary>
    public static bool Exists(WeightFormat format) => format is not (WeightFormat.Float32 or WeightFormat.Float16 or WeightFormat.BFloat16);

    /// <summary>The layout of a stored format.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is one of floats, which have no panels.</exception>
    public static PanelLayout Of(WeightFormat format) => format switch
    {
        WeightFormat.Q4_0 => new(format, true, false, false, PanelScales.Half, 8),
        WeightFormat.Q4_1 => new(format, true, false, false, PanelScales.HalfMinimum, 0),
        WeightFormat.Q5_0 => new(format, true, false, true, PanelScales.Half, 16),
        WeightFormat.Q5_1 => new(format, true, false, true, PanelScales.HalfMinimum, 0),
        WeightFormat.Q8_0 => new(format, false, false, false, PanelScales.Half, 128),
        WeightFormat.Q2_K => new(format, false, true, false, PanelScales.NibbleSubScaleMinimum, 0),
        WeightFormat.Q3_K => new(format, false, true, true, PanelScales.SubScale, 4),
        WeightFormat.Q4_K => new(format, true, false, false, PanelScales.SubScaleMinimum, 0),
        WeightFormat.Q5_K => new(format, true, false, true, PanelScales.SubScaleMinimum, 0),
        WeightFormat.Q6_K => new(format, true, true, false, PanelScales.SubScale, 32),
        WeightFormat.IQ4_NL => new(format, true, false, false, PanelScales.Half, 128),
        WeightFormat.MXFP4 => new(format, true, false, false, PanelScales.BFloat, 16),
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "Weights of this format have no panels."),
    };

    /// <summary>Superblocks of a row.</summary>
    public int Supers(int columns) => (columns + Columns - 1) / Columns;

    /// <summary>Bytes of a panel.</summary>
    public long PanelBytes(int columns) => (long)Supers(columns) * SuperBytes;
}
