using static TorchSharp.torch;

namespace Gemma4.Engine.Layers;

/// <summary>A matrix of which single rows are wanted: an embedding, resident or left in its file.</summary>
internal abstract class RowTable
{
    /// <summary>Copies rows.</summary>
    /// <param name="rows">Row of each of T tokens.</param>
    /// <returns>A new tensor <c>[T, width]</c> in the model's dtype, on its device; the caller owns it.</returns>
    public abstract Tensor Lookup(ReadOnlySpan<int> rows);
}
