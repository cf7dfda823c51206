using Gemma4.Engine.Backends;
using Gemma4.Engine.Configuration;

namespace Gemma4.Engine.Models.Text;

/// <summary>Attention of a decoder layer: grouped queries over its own or an earlier layer's keys and values.</summary>
internal sealed class TextAttention
{
    private readonly Projection _projection;      // queries; keys and values too where the layer has its own
    private readonly Projection _oProj;
    private readonly Norm _qNorm;
    private readonly Norm? _kNorm;                // null where keys are made from values when they are read
    private readonly Norm _vNorm;
    private readonly Rotary _rotary;
    private readonly PagedAttention _attention;
    private readonly bool _ownsKv;
    private readonly Activations _q;              // [T, N · H]
    private readonly Activations _k;              // [T, K · H]
    private readonly Activations _v;              // [T, K · H]

    /// <param name="config">The text model.</param>
    /// <param name="layer">This layer.</param>
    /// <param name="kind">What layers of its kind share.</param>
    /// <param name="owner">The attention of the layer whose keys and values it reads; null where that is this one.</param>
    /// <param name="backend">Computes.</param>
    /// <param name="weights">Under <c>self_attn</c>.</param>
    public TextAttention(TextConfig config, LayerConfig layer, TextLayerKind kind, TextAttention? owner, Backend backend, Weights weights)
    {
        int d = config.HiddenSize, h = layer.HeadDim, n = config.NumQueryHeads * h, k = layer.NumKvHeads * h;
        _ownsKv = layer.OwnsKv;
        StoredWeight qProj = weights.Matrix("q_proj", n, d);
        StoredWeight? keyScale = null;
        if (!_ownsKv)
        {
            _projection = backend.CreateProjection(qProj);
        }
        else if (layer.KeysAreValues)
        {
            _projection = backend.CreateProjection(qProj, weights.Matrix("k_proj", k, d));
            keyScale = weights.Scale("k_norm", h);
        }
        else
        {
            _projection = backend.CreateProjection(qProj, weights.Matrix("k_proj", k, d), weights.Matrix("v_proj", k, d));
            _kNorm = backend.CreateNorm(weights.Scale("k_norm", h), h, config.RmsNormEps);
        }
        _oProj = backend.CreateProjection(weights.Matrix("o_proj", d, n));
        _qNorm = backend.CreateNorm(weights.Scale("q_norm", h), h, config.RmsNormEps);
        _vNorm = backend.CreateNorm(null, h, config.RmsNormEps);
        _rotary = backend.CreateRotary(kind.Rotary);
        _attention = owner?._attention ?? backend.CreateAttention(
            new AttentionSpec(kind.Group, layer.KvLayerIndex, config.NumQueryHeads, layer.NumKvHeads, h, kind.Rotary, keyScale));
        _q = backend.CreateActivations("queries", n);
        _k = backend.CreateActivations("keys", k);
        _v = backend.CreateActivations("values", k);
    }

    /// <summary>Writes the step's keys and values and attends.</summary>
    /// <param name="x">Normalised residual <c>[T, D]</c>. Not modified.</param>
    /// <param name="y">Receives <c>[T, D]</c>.</param>
    public void Forward(Activations x, Activations y)
    {
        if (_ownsKv)
            ProjectAll(x);
        else
            _projection.Apply(x, _q);                                                          // [T, N · H]
        _qNorm.Apply(_q, _q);                                                                  // every H
        _rotary.Apply(_q);
        _attention.Attend(_q, _q);                                                             // [T, N · H]   reads S positions through the block tables
        _oProj.Apply(_q, y);                                                                   // [T, D]
    }

    private void ProjectAll(Activations x)
    {
        if (_kNorm is null)
        {
            _projection.Apply(x, _q, _v);                                                      // [T, N · H], [T, K · H]
            _vNorm.Apply(_v, _v);
            _attention.Write(null, _v);
            return;
        }
        _projection.Apply(x, _q, _k, _v);                                                      // [T, N · H], [T, K · H], [T, K · H]
        _kNorm.Apply(_k, _k);
        _rotary.Apply(_k);
        _vNorm.Apply(_v, _v);
        _attention.Write(_k, _v);
    }
}
