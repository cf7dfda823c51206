using System.Collections.Immutable;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Loading;

namespace Gemma4.Engine.Simulation;

/// <summary>What a text model reads and computes in a step, counted from its shapes: the numbers behind <see cref="StepCost"/>.</summary>
public sealed record ModelWork
{
    /// <summary>Weights that every step reads and every token is multiplied with, the output projection and routed experts apart.</summary>
    public required long LayerWeights { get; init; }

    /// <summary>Weights of all routed experts; 0 in dense models.</summary>
    public required long ExpertWeights { get; init; }

    /// <summary>Of the routed experts, the share that one token is sent to, A/E.</summary>
    public required double ActiveShare { get; init; }

    /// <summary>Weights of the output projection, which only rows that are sampled from are multiplied with.</summary>
    public required long HeadWeights { get; init; }

    /// <summary>The layers' attention, an entry a kind of layer.</summary>
    public required ImmutableArray<AttentionWork> Attention { get; init; }

    /// <summary>Bits that a weight takes where it is read, scales included: 16 for bfloat16, 4.5 for Q4_0.</summary>
    public double BitsPerWeight { get; init; } = 16;

    /// <summary>Bytes that a number of a key or value takes.</summary>
    public int KvBytesPerNumber { get; init; } = 2;

    /// <summary>All weights above. Tables that are read row by row are not among them.</summary>
    public long NumWeights => LayerWeights + ExpertWeights + HeadWeights;

    /// <summary>Counts a model's weights; none is loaded.</summary>
    /// <param name="config">The model.</param>
    public static ModelWork Of(Gemma4Config config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return Of(config, ModelLoader.Expect(config));
    }

    /// <summary>Counts a model's weights.</summary>
    /// <param name="config">The model.</param>
    /// <param name="expected">What it needs.</param>
    internal static ModelWork Of(Gemma4Config config, ExpectedModel expected)
    {
        long layers = 0, experts = 0, head = 0;
        foreach ((string name, bool isHead) in expected.Multiplied)
        {
            long count = Product(expected.Shapes[name]);
            if (isHead)
                head += count;
            else if (!name.StartsWith("model.language_model.", StringComparison.Ordinal))
                continue;       // of the towers
            else if (name.Contains(".experts.", StringComparison.Ordinal))
                experts += count;
            else
                layers += count;
        }
        MoeConfig? moe = config.Text.Moe;
        return new ModelWork
        {
            LayerWeights = layers,
            ExpertWeights = experts,
            ActiveShare = moe is null ? 0 : (double)moe.NumActiveExperts / moe.NumExperts,
            HeadWeights = head,
            Attention = [.. Enum.GetValues<LayerKind>().Select(kind => AttentionOf(config.Text, kind)).Where(a => a.ProductsPerPair > 0)],
        };
    }

    private static AttentionWork AttentionOf(TextConfig text, LayerKind kind)
    {
        LayerConfig[] layers = [.. text.Layers.Where(l => l.Kind == kind)];
        return new AttentionWork(
            kind == LayerKind.Sliding ? text.SlidingWindow : null,
            layers.Sum(l => (long)l.KvElementsPerToken),
            layers.Sum(l => 2L * text.NumQueryHeads * l.HeadDim));
    }

    private static long Product(ImmutableArray<long> shape)
    {
        long product = 1;
        foreach (long dimension in shape)
            product *= dimension;
        return product;
    }
}

/// <summary>Attention of all layers that look equally far back.</summary>
/// <param name="Window">Positions that a token looks at, itself included; null for all before it.</param>
/// <param name="KvNumbersPerPosition">Numbers of keys and values read for a position, over all the layers; one that shares another's reads them too.</param>
/// <param name="ProductsPerPair">Multiplications for one token and one position that it looks at, over all layers and query heads.</param>
public sealed record AttentionWork(int? Window, long KvNumbersPerPosition, long ProductsPerPair)
{
    /// <summary>Positions that a chunk of tokens reads.</summary>
    /// <param name="first">Position of its first token.</param>
    /// <param name="count">Its tokens.</param>
    public long PositionsRead(int first, int count) => Math.Min((long)first + count, Window is { } window ? (long)window - 1 + count : long.MaxValue);

    /// <summary>Pairs of a token of the chunk and a position that it looks at.</summary>
    /// <param name="first">Position of its first token.</param>
    /// <param name="count">Its tokens.</param>
    public long Pairs(int first, int count)
    {
        // A token at position p looks at p + 1 positions, and from p = window - 1 on at a window.
        long growing = Math.Clamp((Window ?? long.MaxValue) - first, 0, count);
        return growing * first + growing * (growing + 1) / 2 + (count - growing) * (Window ?? 0);
    }
}
