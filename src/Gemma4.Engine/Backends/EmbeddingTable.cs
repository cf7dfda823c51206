namespace Gemma4.Engine.Backends;

/// <summary>A table of which the step's tokens take a row each, scaled.</summary>
internal abstract class EmbeddingTable
{
    /// <summary>Looks rows up.</summary>
    /// <param name="rows">Row of each of T tokens.</param>
    /// <param name="y">Receives <c>[T, W]</c>.</param>
    public abstract void Lookup(ReadOnlySpan<int> rows, Activations y);
}
