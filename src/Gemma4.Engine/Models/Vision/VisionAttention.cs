using Gemma4.Engine.Backends;
using Gemma4.Engine.Backends.Torch;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Models.Towers;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Gemma4.Engine.Models.Vision;

/// <summary>Attention among the patches of each image, both ways; the first half of a head turns with x, the second with y.</summary>
internal sealed class VisionAttention(VisionConfig config, TensorWeights weights)
{
    /// <summary>Query patches whose scores are held at once: bounds their memory at <c>n · 512 · patches</c>.</summary>
    private const int RowsAtOnce = 512;

    private readonly ClippedLinear _qProj = new(config.NumHeads * config.HeadDim, config.HiddenSize, config.ClipsLinears, weights["q_proj"]);
    private readonly ClippedLinear _kProj = new(config.NumKvHeads * config.HeadDim, config.HiddenSize, config.ClipsLinears, weights["k_proj"]);
    private readonly ClippedLinear _vProj = new(config.NumKvHeads * config.HeadDim, config.HiddenSize, config.ClipsLinears, weights["v_proj"]);
    private readonly ClippedLinear _oProj = new(config.HiddenSize, config.NumHeads * config.HeadDim, config.ClipsLinears, weights["o_proj"]);
    private readonly RmsNorm _qNorm = weights.RmsNorm("q_norm", config.HeadDim, config.RmsNormEps);
    private readonly RmsNorm _kNorm = weights.RmsNorm("k_norm", config.HeadDim, config.RmsNormEps);
    private readonly RmsNorm _vNorm = new(null, config.RmsNormEps);
    private readonly Scalar _rootHeadDim = Math.Sqrt(config.HeadDim).ToScalar();
    private readonly RotaryEmbedding _rotary = new(new RotaryFrequencies(config.HeadDim / 2, config.HeadDim / 4, config.RopeTheta));

    /// <summary>Angles of every patch, shared by all layers; the caller owns them.</summary>
    public AxialAngles Angles(VisionLayout layout, ScalarType dtype) => new(Owned(_rotary.At(layout.X, dtype)), Owned(_rotary.At(layout.Y, dtype)));

    /// <summary>Computes the keys and values of some rows.</summary>
    /// <param name="x"><c>[R, d]</c>, normalised.</param>
    /// <param name="angles">Of these rows.</param>
    /// <param name="target">Receives them.</param>
    /// <param name="firstRow">Where they begin among all rows.</param>
    public void WriteKeysValues(Tensor x, AxialAngles angles, KeysValues target, int firstRow)
    {
        using DisposeScope scope = NewDisposeScope();
        long r = x.shape[0];
        Tensor k = Rotate(_kNorm.Forward(_kProj.Forward(x).view(r, config.NumKvHeads, config.HeadDim)), angles);         // [R, k, H]
        Tensor v = _vNorm.Forward(_vProj.Forward(x).view(r, config.NumKvHeads, config.HeadDim));
        target.Keys.narrow(1, firstRow, r).copy_(QueryHeads(k));
        target.Values.narrow(1, firstRow, r).copy_(QueryHeads(v));
    }

    /// <summary>Attention of some rows to the whole of their images.</summary>
    /// <param name="x"><c>[R, d]</c>, normalised.</param>
    /// <param name="keysValues">Of all rows.</param>
    /// <param name="layout">Which rows are whose.</param>
    /// <param name="firstRow">Where these begin among all rows.</param>
    /// <param name="angles">Of these rows.</param>
    /// <returns>A new tensor <c>[R, d]</c>; the caller owns it.</returns>
    public Tensor Forward(Tensor x, KeysValues keysValues, VisionLayout layout, int firstRow, AxialAngles angles)
    {
        using DisposeScope scope = NewDisposeScope();
        int r = (int)x.shape[0];
        Tensor q = Rotate(_qNorm.Forward(_qProj.Forward(x).view(r, config.NumHeads, config.HeadDim)), angles);           // [R, n, H]
        Tensor y = empty_like(q);
        foreach (ImageRows rows in layout.Within(firstRow, r))
        {
            Tensor k = keysValues.Keys.narrow(1, rows.Image.FirstRow, rows.Image.NumPatches);                           // [n, patches, H]
            Tensor v = keysValues.Values.narrow(1, rows.Image.FirstRow, rows.Image.NumPatches);
            Attend(Heads(q, rows, firstRow), k, v, Heads(y, rows, firstRow));
        }
        return scope.MoveToOuter(_oProj.Forward(y.view(r, -1)));
    }

    /// <summary>Unscaled attention within one image.</summary>
    /// <remarks>libtorch's fused attention holds no scores, but always divides them by √H. Scaling the queries undoes that at the price of
    /// one more rounding: nothing in float32, too much in bfloat16, where scores are held for some rows at a time.</remarks>
    private void Attend(Tensor q, Tensor k, Tensor v, Tensor y)
    {
        if (q.dtype == ScalarType.Float32)
        {
            using DisposeScope fused = NewDisposeScope();
            Tensor scaled = q.mul(_rootHeadDim);                                                                    // [n, rows, H]
            y.copy_(scaled_dot_product_attention(scaled.unsqueeze(0), k.unsqueeze(0), v.unsqueeze(0)).squeeze(0));
            return;
        }
        for (long row = 0; row < q.shape[1]; row += RowsAtOnce)
        {
            using DisposeScope scope = NewDisposeScope();
            long count = Math.Min(RowsAtOnce, q.shape[1] - row);
            Tensor scores = q.narrow(1, row, count).matmul(k.transpose(1, 2)).to(ScalarType.Float32);               // [n, rows, patches]
            y.narrow(1, row, count).copy_(scores.softmax(-1).to(v.dtype).matmul(v));
        }
    }

    /// <summary>One image's rows with heads in front: a view <c>[n, rows, H]</c>.</summary>
    private static Tensor Heads(Tensor x, ImageRows rows, int firstRow) => x.narrow(0, rows.FirstRow - firstRow, rows.Count).transpose(0, 1);

    /// <summary>Key or value heads in front and repeated to the queries' number: <c>[n, R, H]</c>.</summary>
    private Tensor QueryHeads(Tensor x)
    {
        Tensor heads = x.transpose(0, 1);
        return config.NumKvHeads == config.NumHeads ? heads : heads.repeat_interleave(config.NumHeads / config.NumKvHeads, 0);
    }

    private static RotaryAngles Owned(RotaryAngles angles) => new(angles.Cos.DetachFromDisposeScope(), angles.Sin.DetachFromDisposeScope());

    private Tensor Rotate(Tensor x, AxialAngles angles)
    {
        int half = config.HeadDim / 2;
        return cat([_rotary.Rotate(x.narrow(-1, 0, half), angles.X), _rotary.Rotate(x.narrow(-1, half, half), angles.Y)], -1);
    }
}
