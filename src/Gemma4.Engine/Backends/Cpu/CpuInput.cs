using Gemma4.Engine.Kernels.Panels;

namespace Gemma4.Engine.Backends.Cpu;

/// <summary>The rows that are multiplied, for all products that read them.</summary>
/// <param name="data">First row, float32; rows are dense.</param>
/// <param name="columns">Numbers of a row.</param>
/// <param name="numTokens">Rows, T.</param>
/// <param name="groups">The same rows in groups of signed bytes; null where no product reads them so.</param>
internal readonly unsafe struct CpuInput(float* data, int columns, int numTokens, ActivationGroups? groups = null)
{
    /// <summary>First row, float32; rows are dense.</summary>
    public float* Data => data;

    /// <summary>Numbers of a row.</summary>
    public int Columns => columns;

    /// <summary>Rows, T.</summary>
    public int NumTokens => numTokens;

    /// <summary>The same rows in groups of signed bytes.</summary>
    public ActivationGroups Groups => groups!;
}
