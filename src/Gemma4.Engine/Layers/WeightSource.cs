using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Layers;

/// <summary>Where a model under construction takes its weights from: a checkpoint, or the meta device to learn names and shapes.</summary>
/// <remarks>Everything taken from a source is owned by it and lives until it is disposed.</remarks>
internal abstract class WeightSource : IDisposable
{
    /// <summary>Dtype of activations and of the KV cache: float32 on the CPU, whatever weights are stored in.</summary>
    public abstract ScalarType Dtype { get; }

    /// <summary>Dtype the model is meant to compute in, whose rounding the embedding's scale follows.</summary>
    public abstract ScalarType ModelDtype { get; }

    /// <summary>Where the weights lie.</summary>
    public abstract Device Device { get; }

    /// <summary>Products and threads of the CPU; null where libtorch computes.</summary>
    public virtual CpuProducts? Cpu => null;

    /// <summary>A tensor by its published name.</summary>
    /// <param name="name">Full name in the checkpoint.</param>
    /// <param name="dtype">Dtype wanted; converted where the checkpoint stores another.</param>
    /// <param name="shape">The shape it must have.</param>
    public abstract Tensor Take(string name, ScalarType dtype, ReadOnlySpan<long> shape);

    /// <summary>A product with the weight <paramref name="name"/><c>.weight</c>.</summary>
    public abstract Linear TakeLinear(string name, int outFeatures, int inFeatures);

    /// <summary>E products whose weights are stored as one tensor <c>[E, out, in]</c> of that name.</summary>
    public abstract IReadOnlyList<Linear> TakeLinears(string name, int count, int outFeatures, int inFeatures);

    /// <summary>A table read by rows and never made resident.</summary>
    public abstract RowTable TakeRows(string name, int rows, int width);

    /// <summary>Names under a prefix: <c>source.At("model.language_model")</c>.</summary>
    public Weights At(string prefix) => new(this, prefix + ".");

    public abstract void Dispose();
}
