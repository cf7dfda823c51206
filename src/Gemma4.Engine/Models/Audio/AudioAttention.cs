using Gemma4.Engine.Backends.Torch;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Models.Towers;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Models.Audio;

/// <summary>Local attention with relative positions: a frame sees the W frames of its band, each at its distance.</summary>
/// <remarks>
/// The reference computes it in chunks with a shift (Dai et al. 2019, appendix B); what a query sees depends on the distance alone, so a
/// band of W keys a query is the same sum without padding. Everything after the projections is float32.
/// </remarks>
internal sealed class AudioAttention
{
    private readonly int _numHeads;
    private readonly int _headDim;
    private readonly int _past;              // frames before the query that it sees
    private readonly int _future;            // frames after it
    private readonly Scalar _cap;
    private readonly Scalar _invalid;
    private readonly Scalar _queryScale;
    private readonly Scalar _keyScale = (Math.Log(1 + Math.E) / Math.Log(2)).ToScalar();
    private readonly ClippedLinear _qProj;
    private readonly ClippedLinear _kProj;
    private readonly ClippedLinear _vProj;
    private readonly ClippedLinear _post;
    private readonly Linear _relativeKProj;
    private readonly Tensor _perDimScale;    // [H]
    private readonly AudioConfig _config;

    /// <param name="config">The tower.</param>
    /// <param name="weights">Under <c>self_attn</c>.</param>
    public AudioAttention(AudioConfig config, TensorWeights weights)
    {
        int d = config.HiddenSize;
        _config = config;
        _numHeads = config.NumHeads;
        _headDim = d / config.NumHeads;
        _past = config.ContextLeft - 2;      // the reference's window is open: distances below context_left - 1
        _future = Math.Max(0, config.ContextRight - 1);
        _cap = config.AttentionLogitCap.ToScalar();
        _invalid = config.InvalidLogit.ToScalar();
        _queryScale = (1 / (Math.Sqrt(_headDim) * Math.Log(2))).ToScalar();
        _qProj = new ClippedLinear(d, d, config.ClipsLinears, weights["q_proj"]);
        _kProj = new ClippedLinear(d, d, config.ClipsLinears, weights["k_proj"]);
        _vProj = new ClippedLinear(d, d, config.ClipsLinears, weights["v_proj"]);
        _post = new ClippedLinear(d, d, config.ClipsLinears, weights["post"]);
        _relativeKProj = weights.Linear("relative_k_proj", d, d);
        _perDimScale = weights.TakeFloat32("per_dim_scale", _headDim);
    }

    private int Band => _past + 1 + _future;

    /// <param name="x"><c>[T, d]</c>, normalised.</param>
    /// <returns>A new tensor <c>[T, d]</c>; the caller owns it.</returns>
    public Tensor Forward(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        long t = x.shape[0];
        Tensor q = Heads(_qProj.Forward(x)) * (Softplus(_perDimScale) * _queryScale);               // [T, n, H]
        Tensor k = InBands(Heads(_kProj.Forward(x)) * _keyScale);                                         // [T, n, H, W]
        Tensor v = InBands(Heads(_vProj.Forward(x)));                                                     // [T, n, H, W]
        Tensor content = q.unsqueeze(2).matmul(k).squeeze(2);                                             // [T, n, W]
        Tensor position = q.transpose(0, 1).matmul(RelativeKeys(x)).transpose(0, 1);                      // [T, n, W]
        Tensor scores = (content.Plus(position) / _cap).tanh() * _cap;
        scores = scores.masked_fill(Outside(t, x.device), _invalid);
        Tensor y = v.matmul(scores.softmax(-1).unsqueeze(-1)).squeeze(-1);                                // [T, n, H]
        return scope.MoveToOuter(_post.Forward(y.reshape(t, -1).to(x.dtype)));
    }

    /// <summary><c>log(1 + eˣ)</c>, which does not overflow.</summary>
    private static Tensor Softplus(Tensor x) => x.relu().Plus(x.abs().neg().exp().log1p());

    private Tensor Heads(Tensor x) => x.to(ScalarType.Float32).view(x.shape[0], _numHeads, _headDim);

    /// <summary>For every frame the W frames it may see, oldest first: <c>[T, n, H]</c> to <c>[T, n, H, W]</c>.</summary>
    private Tensor InBands(Tensor x) => nn.functional.pad(x, [0, 0, 0, 0, _past, _future]).unfold(0, Band, 1);

    /// <summary>Keys of the band's distances, oldest first, <c>[n, H, W]</c> float32.</summary>
    /// <remarks>Sinusoids of the distance, sines then cosines (Vaswani et al. 2017, section 3.5), in the order the reference concatenates them.</remarks>
    private Tensor RelativeKeys(Tensor x)
    {
        int half = _config.HiddenSize / 2;
        // The reference numbers positions from (chunk + past + future) / 2 down, which is the distance where chunk = past.
        int shift = (_config.ChunkSize + _config.ContextLeft - 1 + _config.ContextRight) / 2 - (_config.ContextLeft - 1);
        double step = -Math.Log(10000) / Math.Max(half - 1, 1);
        float[] rates = [.. Enumerable.Range(0, half).Select(i => MathF.Exp((float)(i * step)))];
        float[] distances = [.. Enumerable.Range(0, Band).Select(i => (float)(_past + shift - i))];
        Tensor angles = tensor(distances, device: x.device).unsqueeze(1) * tensor(rates, device: x.device);   // [W, d/2]
        Tensor keys = _relativeKProj.Forward(cat([angles.sin(), angles.cos()], -1).to(x.dtype));          // [W, d]
        return keys.to(ScalarType.Float32).view(Band, _numHeads, _headDim).permute(1, 2, 0);
    }

    /// <summary>True where a band reaches over the ends of the clip, <c>[T, 1, W]</c>.</summary>
    private Tensor Outside(long t, Device device)
    {
        var outside = new bool[t * Band];
        for (int i = 0; i < outside.Length; i++)
            outside[i] = i / Band + i % Band - _past is var frame && (frame < 0 || frame >= t);
        return tensor(outside, device: device).view(t, 1, Band);
    }
}
