using Gemma4.Engine.Kernels;
using Gemma4.Engine.Kernels.Panels;
using Xunit;

namespace Gemma4.Engine.Tests.Kernels.Panels;

/// <summary>Stored weights made up for tests: every code occurs, scales are small and of both signs.</summary>
internal static unsafe class StoredWeights
{
    private static readonly HugeArena Arena = new();

    /// <summary>Formats that have panels.</summary>
    public static IEnumerable<WeightFormat> Formats => Enum.GetValues<WeightFormat>().Where(PanelLayout.Exists);

    /// <summary>The same as rows of a theory.</summary>
    public static TheoryData<string> FormatNames => [.. Formats.Select(f => f.ToString())];

    /// <summary>Rows of random blocks, by a generator of our own: the same everywhere.</summary>
    public static byte[] Random(WeightFormat format, int rows, int columns, uint seed)
    {
        var stored = new byte[rows * format.RowBytes(columns)];
        uint state = seed * 2654435761 + 1;
        for (int i = 0; i < stored.Length; i++)
        {
            state = state * 1664525 + 1013904223;
            stored[i] = (byte)(state >> 24);
        }
        foreach (int at in HalvesOf(format))
        {
            for (int block = 0; block < stored.Length; block += format.BlockBytes)
            {
                // Exponents 2⁻⁷ to 2⁻¹⁰; sign and mantissa as they came.
                ref byte high = ref stored[block + at + 1];
                high = (byte)((high & 0x83) | ((5 + (high >> 2) % 4) << 2));
            }
        }
        for (int block = 0; format is WeightFormat.MXFP4 && block < stored.Length; block += format.BlockBytes)
            stored[block] = (byte)(stored[block] % 8 + 115);
        return stored;
    }

    /// <summary>A matrix of zeros, in memory that is given back when the tests end.</summary>
    public static PanelMatrix Allocate(WeightFormat format, int rows, int columns)
    {
        lock (Arena)
            return PanelMatrix.Allocate(Arena, format, rows, columns);
    }

    /// <summary>A matrix of stored rows.</summary>
    public static PanelMatrix Pack(WeightFormat format, int rows, int columns, byte[] stored)
    {
        PanelMatrix matrix = Allocate(format, rows, columns);
        fixed (byte* first = stored)
            matrix.Pack(first, 0, matrix.NumPanels);
        return matrix;
    }

    /// <summary>Where in a block float16 numbers lie.</summary>
    public static int[] HalvesOf(WeightFormat format) => format switch
    {
        WeightFormat.Q4_1 or WeightFormat.Q5_1 or WeightFormat.Q4_K or WeightFormat.Q5_K => [0, 2],
        WeightFormat.Q2_K => [80, 82],
        WeightFormat.Q3_K => [108],
        WeightFormat.Q6_K => [208],
        WeightFormat.MXFP4 => [],
        _ => [0],
    };

    /// <summary>Activations of very different magnitude.</summary>
    public static float[] Activations(int count, uint seed)
    {
        var numbers = new float[count];
        uint state = seed * 2654435761 + 1;
        for (int i = 0; i < count; i++)
        {
            state = state * 1664525 + 1013904223;
            numbers[i] = ((int)(state >> 8) - (1 << 23)) / (float)(1 << 23) * (1 << (int)(i / 32 % 7));
        }
        return numbers;
    }

    /// <summary>Activations in groups.</summary>
    public static ActivationGroups Quantise(float[] x, int tokens, int columns)
    {
        var groups = new ActivationGroups(tokens, columns);
        groups.Reshape(tokens, columns);
        fixed (float* first = x)
            groups.Quantise(first, columns, 0, tokens);
        return groups;
    }
}
