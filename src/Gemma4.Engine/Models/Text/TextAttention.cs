using Gemma4.Engine.Configuration;
using Gemma4.Engine.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Models.Text;

/// <summary>Attention of a decoder layer: grouped queries over its own or an earlier layer's keys and values.</summary>
internal sealed class TextAttention
{
    private readonly LayerConfig _layer;
    private readonly int _numHeads;
    private readonly RotaryEmbedding _rotary;
    private readonly Linear _qProj;
    private readonly Linear? _kProj;
    private readonly Linear? _vProj;
    private readonly Linear _oProj;
    private readonly RmsNorm _qNorm;
    private readonly RmsNorm? _kNorm;
    private readonly RmsNorm _vNorm;
    private readonly PagedAttention _attention;

    /// <param name="config">The text model.</param>
    /// <param name="layer">This layer.</param>
    /// <param name="owner">The attention of the layer whose keys and values it reads; null where that is this one.</param>
    /// <param name="weights">Under <c>self_attn</c>.</param>
    public TextAttention(TextConfig config, LayerConfig layer, TextAttention? owner, Weights weights)
    {
        _layer = layer;
        _numHeads = config.NumQueryHeads;
        _rotary = new RotaryEmbedding(layer.HeadDim, layer.Rope.NumRotatedPairs, layer.Rope.Theta);
        int d = config.HiddenSize, n = _numHeads * layer.HeadDim, k = layer.NumKvHeads * layer.HeadDim;
        _qProj = weights.Linear("q_proj", n, d);
        _qNorm = weights.RmsNorm("q_norm", layer.HeadDim, config.RmsNormEps);
        if (layer.OwnsKv)
        {
            _kProj = weights.Linear("k_proj", k, d);
            _kNorm = weights.RmsNorm("k_norm", layer.HeadDim, config.RmsNormEps);
            _vProj = layer.KeysAreValues ? null : weights.Linear("v_proj", k, d);
        }
        _oProj = weights.Linear("o_proj", d, n);
        _vNorm = new RmsNorm(null, config.RmsNormEps);
        _attention = owner?._attention ?? new PagedAttention(_rotary, layer.KeysAreValues ? _kNorm!.Weight : null);
    }

    /// <summary>Writes the step's keys and values and attends.</summary>
    /// <param name="x">Normalised residual <c>[T, D]</c>.</param>
    /// <param name="step">The step.</param>
    /// <returns>A new tensor <c>[T, D]</c>; the caller owns it.</returns>
    public Tensor Forward(Tensor x, TextStep step)
    {
        using DisposeScope scope = NewDisposeScope();
        long t = x.shape[0];
        RotaryAngles angles = step.Angles[_layer.Kind];
        AttentionGroup group = step.Groups[_layer.Kind];
        KvLayer kv = step.Kv.Layer(_layer.KvLayerIndex);
        if (_kProj is not null)
            WriteKv(x, angles, group, kv);
        Tensor q = _qNorm.Forward(_qProj.Forward(x).view(t, _numHeads, _layer.HeadDim));      // [T, N, H]
        Tensor y = _attention.Forward(_rotary.Rotate(q, angles), kv, group);                  // [T, N·H]
        return scope.MoveToOuter(_oProj.Forward(y));                                          // [T, D]
    }

    private void WriteKv(Tensor x, RotaryAngles angles, AttentionGroup group, KvLayer kv)
    {
        using DisposeScope scope = NewDisposeScope();
        long[] heads = [x.shape[0], _layer.NumKvHeads, _layer.HeadDim];
        Tensor k = _kProj!.Forward(x).view(heads);                                            // [T, K, H]
        Tensor v = _vNorm.Forward(_vProj is null ? k : _vProj.Forward(x).view(heads));        // [T, K, H]
        Tensor? rotated = _layer.KeysAreValues ? null : _rotary.Rotate(_kNorm!.Forward(k), angles);
        kv.Write(group.Slots, rotated, v);
    }
}
