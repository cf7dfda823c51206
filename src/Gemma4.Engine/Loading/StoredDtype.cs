using Gemma4.Engine.Kernels;

namespace Gemma4.Engine.Loading;

/// <summary>Element types of a safetensors file.</summary>
internal enum StoredDtype
{
    /// <summary>The upper half of a float32.</summary>
    BF16,

    /// <summary>IEEE half precision.</summary>
    F16,

    /// <summary>IEEE single precision.</summary>
    F32,

    /// <summary>IEEE double precision.</summary>
    F64,

    /// <summary>Signed, 64 bits.</summary>
    I64,

    /// <summary>Signed, 32 bits.</summary>
    I32,

    /// <summary>Signed, 16 bits.</summary>
    I16,

    /// <summary>Signed, 8 bits.</summary>
    I8,

    /// <summary>Unsigned, 8 bits.</summary>
    U8,

    /// <summary>A byte that is 0 or 1.</summary>
    BOOL,
}

/// <summary>What every element type takes and means.</summary>
internal static class StoredDtypes
{
    extension(StoredDtype dtype)
    {
        /// <summary>Bytes of an element.</summary>
        public int Bytes => dtype switch
        {
            StoredDtype.F64 or StoredDtype.I64 => 8,
            StoredDtype.F32 or StoredDtype.I32 => 4,
            StoredDtype.BF16 or StoredDtype.F16 or StoredDtype.I16 => 2,
            _ => 1,
        };

        /// <summary>The format that a weight of these elements has; null where no weight is stored so.</summary>
        public WeightFormat? WeightFormat => dtype switch
        {
            StoredDtype.BF16 => Kernels.WeightFormat.BFloat16,
            StoredDtype.F16 => Kernels.WeightFormat.Float16,
            StoredDtype.F32 => Kernels.WeightFormat.Float32,
            _ => null,
        };
    }
}
