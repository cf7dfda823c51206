using Gemma4.Engine.Backends;
using Gemma4.Engine.Configuration;

namespace Gemma4.Engine.Models.Text;

/// <summary>Per-layer embeddings: for every token and layer a vector of P from a table and from the token's embedding.</summary>
internal sealed class PerLayerEmbedding
{
    private readonly Backend _backend;
    private readonly EmbeddingTable _table;
    private readonly Projection _projection;
    private readonly Norm _norm;
    private readonly float _projectionScale;
    private readonly Activations _context;      // [T, L · P]
    private readonly Activations _identity;     // [T, L · P]

    /// <param name="config">The text model, of L layers.</param>
    /// <param name="backend">Computes.</param>
    /// <param name="weights">Under <c>language_model</c>.</param>
    public PerLayerEmbedding(TextConfig config, Backend backend, Weights weights)
    {
        int width = config.Layers.Length * config.PerLayerWidth;
        _backend = backend;
        _table = backend.CreateEmbedding(
            weights.Rows("embed_tokens_per_layer", config.PerLayerVocabSize, width), EmbeddingScale.Of(config.PerLayerWidth, backend));
        _projection = backend.CreateProjection(weights.Matrix("per_layer_model_projection", width, config.HiddenSize));
        _projectionScale = (float)(1 / Math.Sqrt(config.HiddenSize));
        _norm = backend.CreateNorm(weights.Scale("per_layer_projection_norm", config.PerLayerWidth), config.PerLayerWidth, config.RmsNormEps);
        _context = backend.CreateActivations("per-layer context", width);
        _identity = backend.CreateActivations("per-layer identity", width);
        Layers = [.. Enumerable.Range(0, config.Layers.Length).Select(i => _context.Columns(i * config.PerLayerWidth, config.PerLayerWidth))];
    }

    /// <summary>The vectors of each layer, <c>[T, P]</c>; views of what <see cref="Forward"/> computed last.</summary>
    public Activations[] Layers { get; }

    /// <param name="tokenIds">T tokens, media placeholders replaced by padding.</param>
    /// <param name="embeddings">Their embeddings <c>[T, D]</c>, soft tokens placed. Not modified.</param>
    public void Forward(ReadOnlySpan<int> tokenIds, Activations embeddings)
    {
        _table.Lookup(tokenIds, _identity);                                                    // [T, L · P]
        _projection.Apply(embeddings, _context);                                               // [T, L · P]
        _backend.Scale(_context, _projectionScale);
        _norm.Apply(_context, _context);
        _backend.Add(_identity, _context);
        _backend.Scale(_context, (float)(1 / Math.Sqrt(2)));
    }
}
