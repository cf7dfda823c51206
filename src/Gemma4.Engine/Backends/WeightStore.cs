namespace Gemma4.Engine.Backends;

/// <summary>Where a model under construction takes its weights from: a checkpoint, or nowhere, to learn names and shapes.</summary>
/// <remarks>Everything taken from a store is owned by it and lives until it is disposed.</remarks>
internal abstract class WeightStore : IDisposable
{
    /// <summary>A weight by its published name.</summary>
    /// <param name="name">Full name in the checkpoint.</param>
    /// <param name="shape">The shape it must have.</param>
    public abstract StoredWeight Take(string name, ReadOnlySpan<long> shape);

    /// <summary>A table read by rows and never made resident.</summary>
    public abstract StoredRows TakeRows(string name, int rows, int width);

    /// <summary>Lets go of copies that were made of weights in blocks, because their file has them otherwise, and of pages of a file whose weights the
    /// backend holds in a form of its own. Models say so between layers and when they are built.</summary>
    /// <remarks>So a backend keeps no pointer to a weight in blocks: it has packed or widened it by the time it returns what it made of it.</remarks>
    public virtual void ReleaseCopies()
    {
    }

    /// <summary>Names under a prefix: <c>store.At("model.language_model")</c>.</summary>
    public Weights At(string prefix) => new(this, prefix + ".");

    /// <inheritdoc/>
    public abstract void Dispose();
}
