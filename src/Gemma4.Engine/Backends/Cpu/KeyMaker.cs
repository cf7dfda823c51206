using Gemma4.Engine.Kernels;

namespace Gemma4.Engine.Backends.Cpu;

/// <summary>Makes a key of a stored value where keys are values: <c>rotate(scale ∘ value)</c>.</summary>
/// <param name="scale"><c>[H]</c>, the key normalisation's weight.</param>
/// <param name="table">Angles by position, shared by layers of a kind.</param>
/// <param name="headDim">H.</param>
internal sealed unsafe class KeyMaker(float* scale, RotaryTable table, int headDim)
{
    /// <summary>Turns a value into its key.</summary>
    /// <param name="head"><c>[H]</c>, overwritten.</param>
    /// <param name="position">Its position; the table must reach it.</param>
    public void MakeKey(float* head, int position)
    {
        for (int i = 0; i < headDim; i++)
            head[i] *= scale[i];
        long angles = (long)position * table.NumPairs;
        RotateHead.Run(head, table.Cos + angles, table.Sin + angles, head, headDim, table.NumPairs);
    }
}
