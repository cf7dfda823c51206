using Gemma4.Engine.Configuration;
using Gemma4.Engine.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Models.Text;

/// <summary>Per-layer embeddings: for every token and layer a vector of P from a table and from the token's embedding.</summary>
internal sealed class PerLayerEmbedding(TextConfig config, Weights weights)
{
    private readonly RowTable _table =
        weights.Rows("embed_tokens_per_layer.weight", config.PerLayerVocabSize, config.Layers.Length * config.PerLayerWidth);
    private readonly Linear _projection =
        weights.Linear("per_layer_model_projection", config.Layers.Length * config.PerLayerWidth, config.HiddenSize);
    private readonly RmsNorm _norm = weights.RmsNorm("per_layer_projection_norm", config.PerLayerWidth, config.RmsNormEps);
    private readonly Scalar _tableScale = ScaledEmbedding.Scale(config.PerLayerWidth, weights.Source.ModelDtype).ToScalar();
    private readonly Scalar _projectionScale = (1 / Math.Sqrt(config.HiddenSize)).ToScalar();
    private readonly Scalar _halfRoot = (1 / Math.Sqrt(2)).ToScalar();

    /// <param name="tokenIds">T tokens, media placeholders replaced by padding.</param>
    /// <param name="embeddings">Their embeddings <c>[T, D]</c>, soft tokens placed.</param>
    /// <returns>A new tensor <c>[T, L, P]</c> over L layers; the caller owns it.</returns>
    public Tensor Forward(ReadOnlySpan<int> tokenIds, Tensor embeddings)
    {
        using DisposeScope scope = NewDisposeScope();
        long[] shape = [tokenIds.Length, config.Layers.Length, config.PerLayerWidth];
        Tensor identity = _table.Lookup(tokenIds).mul_(_tableScale).view(shape);                          // [T, L, P]
        Tensor context = _norm.Forward((_projection.Forward(embeddings) * _projectionScale).view(shape)); // [T, L, P]
        return scope.MoveToOuter(context.Plus(identity) * _halfRoot);
    }
}
