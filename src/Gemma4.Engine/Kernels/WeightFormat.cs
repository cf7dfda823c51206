namespace Gemma4.Engine.Kernels;

/// <summary>How the numbers of a weight lie in memory or in a file.</summary>
/// <remarks>The block formats are ggml's (ggml-quants.h, ggml-common.h): a row is cut into blocks of equal length, each with its scales.</remarks>
internal enum WeightFormat
{
    /// <summary>IEEE single precision.</summary>
    Float32,

    /// <summary>IEEE half precision.</summary>
    Float16,

    /// <summary>The upper half of a float32.</summary>
    BFloat16,

    /// <summary>32 numbers: a float16 scale, 4 bits each with an offset of 8.</summary>
    Q4_0,

    /// <summary>32 numbers: a float16 scale and a float16 minimum, 4 bits each.</summary>
    Q4_1,

    /// <summary>32 numbers: a float16 scale, 5 bits each with an offset of 16.</summary>
    Q5_0,

    /// <summary>32 numbers: a float16 scale and a float16 minimum, 5 bits each.</summary>
    Q5_1,

    /// <summary>32 numbers: a float16 scale, 8 bits each, signed.</summary>
    Q8_0,

    /// <summary>256 numbers in 16 groups: 2 bits each, 4-bit scales and minima.</summary>
    Q2_K,

    /// <summary>256 numbers in 16 groups: 3 bits each, 6-bit scales.</summary>
    Q3_K,

    /// <summary>256 numbers in 8 groups: 4 bits each, 6-bit scales and minima.</summary>
    Q4_K,

    /// <summary>256 numbers in 8 groups: 5 bits each, 6-bit scales and minima.</summary>
    Q5_K,

    /// <summary>256 numbers in 16 groups: 6 bits each, 8-bit scales.</summary>
    Q6_K,

    /// <summary>32 numbers: a float16 scale, 4 bits each that choose from a table of 16.</summary>
    IQ4_NL,

    /// <summary>32 numbers: an exponent, 4 bits each that are e2m1 floats.</summary>
    MXFP4,
}

/// <summary>What every format takes.</summary>
internal static class WeightFormats
{
    extension(WeightFormat format)
    {
        /// <summary>Numbers of a block; a row holds whole blocks.</summary>
        public int BlockLength => format switch
        {
            WeightFormat.Float32 or WeightFormat.Float16 or WeightFormat.BFloat16 => 1,
            WeightFormat.Q2_K or WeightFormat.Q3_K or WeightFormat.Q4_K or WeightFormat.Q5_K or WeightFormat.Q6_K => 256,
            _ => 32,
        };

        /// <summary>Bytes of a block.</summary>
        public int BlockBytes => format switch
        {
            WeightFormat.Float32 => 4,
            WeightFormat.Float16 or WeightFormat.BFloat16 => 2,
            WeightFormat.Q4_0 or WeightFormat.IQ4_NL => 18,
            WeightFormat.Q4_1 => 20,
            WeightFormat.Q5_0 => 22,
            WeightFormat.Q5_1 => 24,
            WeightFormat.Q8_0 => 34,
            WeightFormat.Q2_K => 84,
            WeightFormat.Q3_K => 110,
            WeightFormat.Q4_K => 144,
            WeightFormat.Q5_K => 176,
            WeightFormat.Q6_K => 210,
            WeightFormat.MXFP4 => 17,
            _ => throw new ArgumentOutOfRangeException(nameof(format), format, "An unknown format."),
        };

        /// <summary>Bytes of a row.</summary>
        /// <param name="width">Numbers of the row, whole blocks.</param>
        public long RowBytes(long width) => width / format.BlockLength * format.BlockBytes;
    }
}
