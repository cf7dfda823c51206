using Gemma4.Engine.Configuration;
using Gemma4.Engine.Layers;
using static TorchSharp.torch;

namespace Gemma4.Engine.Models.Text;

/// <summary>A step as the decoder layers see it: prepared once, shared by all of them.</summary>
/// <param name="Angles">Rotary angles of the T rows, by layer kind.</param>
/// <param name="Groups">What is written and read, by layer kind.</param>
/// <param name="Kv">The pools.</param>
/// <param name="Observer">Sees intermediate results; null in service.</param>
internal sealed record TextStep(
    IReadOnlyDictionary<LayerKind, RotaryAngles> Angles,
    IReadOnlyDictionary<LayerKind, AttentionGroup> Groups,
    KvStorage Kv,
    IForwardObserver? Observer);

/// <summary>Sees what a forward pass computes on its way; for verification.</summary>
internal interface IForwardObserver
{
    /// <summary>The residual stream <c>[T, D]</c>: embeddings at 0, after layer i at i + 1, the last one after the final norm. Borrowed.</summary>
    void HiddenStates(int index, Tensor hidden);

    /// <summary>A router's choice: input <c>[T, D]</c>, experts <c>[T, A]</c>, weights <c>[T, A]</c>. Borrowed.</summary>
    void Routing(int layer, Tensor input, Tensor experts, Tensor weights);
}
