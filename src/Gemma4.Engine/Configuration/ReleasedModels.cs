using System.Collections.Immutable;

namespace Gemma4.Engine.Configuration;

/// <summary>The shapes of the released models, by size: what can be planned for before there is a file.</summary>
/// <remarks>Dimensions as published with the checkpoints; <c>ReleasedModelsTests</c> holds them against published sizes, names and configurations.</remarks>
public static class ReleasedModels
{
    private const int Vocabulary = 262_144, SlidingHeadDim = 256, FullHeadDim = 512;

    private static readonly VisionConfig SmallVision = Vision(layers: 16, heads: 12, headDim: 64, intermediate: 3072, large: false);
    private static readonly VisionConfig LargeVision = Vision(layers: 27, heads: 16, headDim: 72, intermediate: 4304, large: true);

    private static readonly Dictionary<string, Gemma4Config> Models = new(StringComparer.OrdinalIgnoreCase)
    {
        ["E2B"] = Create(new Shape(Layers: 35, Hidden: 1536, Intermediate: 6144, QueryHeads: 8, SlidingKvHeads: 1, FullKvHeads: 1, FullEvery: 5) { Shared = 20, WideShared = true }, SmallVision, Audio()),
        ["E4B"] = Create(new Shape(Layers: 42, Hidden: 2560, Intermediate: 10_240, QueryHeads: 8, SlidingKvHeads: 2, FullKvHeads: 2, FullEvery: 6) { Shared = 18 }, SmallVision, Audio()),
        ["12B"] = Create(new Shape(Layers: 48, Hidden: 3840, Intermediate: 15_360, QueryHeads: 16, SlidingKvHeads: 8, FullKvHeads: 1, FullEvery: 6), null, null),
        ["26B-A4B"] = Create(new Shape(Layers: 30, Hidden: 2816, Intermediate: 2112, QueryHeads: 16, SlidingKvHeads: 8, FullKvHeads: 2, FullEvery: 6) { Moe = new MoeConfig(128, 8, 704) }, LargeVision, null),
        ["31B"] = Create(new Shape(Layers: 60, Hidden: 5376, Intermediate: 21_504, QueryHeads: 32, SlidingKvHeads: 16, FullKvHeads: 4, FullEvery: 6), LargeVision, null),
    };

    /// <summary>The sizes.</summary>
    public static IReadOnlyCollection<string> Sizes => Models.Keys;

    /// <summary>The model of a size, as in <c>31B</c> or <c>26B-A4B</c>.</summary>
    /// <returns>Its configuration, for planning: no tokenizer's. Of 12B the text model alone. Null for another name.</returns>
    public static Gemma4Config? TryFind(string size) => Models.GetValueOrDefault(size);

    /// <summary>What the sizes differ in.</summary>
    private sealed record Shape(int Layers, int Hidden, int Intermediate, int QueryHeads, int SlidingKvHeads, int FullKvHeads, int FullEvery)
    {
        /// <summary>Last layers that read earlier ones' keys and values. Only the small models have them, and per-layer embeddings, and a short window.</summary>
        public int Shared { get; init; }

        /// <summary>Whether those have feed-forwards of twice the width.</summary>
        public bool WideShared { get; init; }

        public MoeConfig? Moe { get; init; }

        public bool IsSmall => Shared > 0;
    }

    private static Gemma4Config Create(Shape shape, VisionConfig? vision, AudioConfig? audio) => new()
    {
        Text = new TextConfig
        {
            VocabSize = Vocabulary,
            HiddenSize = shape.Hidden,
            NumQueryHeads = shape.QueryHeads,
            Layers = Layers(shape),
            SlidingWindow = shape.IsSmall ? 512 : 1024,
            MaxPositions = shape.IsSmall ? 131_072 : 262_144,
            RmsNormEps = 1e-6,
            FinalLogitSoftcap = 30,
            PerLayerWidth = shape.IsSmall ? 256 : 0,
            PerLayerVocabSize = Vocabulary,
            Moe = shape.Moe,
            BidirectionalVision = !shape.IsSmall,
            PadTokenId = 0,
            TiedHead = true,
        },
        Vision = vision,
        Audio = audio,
        Generation = new GenerationDefaults { EndTokenIds = [] },
    };

    private static ImmutableArray<LayerConfig> Layers(Shape shape)
    {
        bool IsFull(int layer) => (layer + 1) % shape.FullEvery == 0;
        int firstShared = shape.Layers - shape.Shared;
        int Owner(int layer)
        {
            int owner = layer;
            while (owner >= firstShared || IsFull(owner) != IsFull(layer))
                owner--;
            return owner;
        }
        return
        [
            .. Enumerable.Range(0, shape.Layers).Select(layer => new LayerConfig
            {
                Index = layer,
                Kind = IsFull(layer) ? LayerKind.Full : LayerKind.Sliding,
                HeadDim = IsFull(layer) ? FullHeadDim : SlidingHeadDim,
                NumKvHeads = IsFull(layer) ? shape.FullKvHeads : shape.SlidingKvHeads,
                KvLayerIndex = layer < firstShared ? layer : Owner(layer),
                KeysAreValues = !shape.IsSmall && IsFull(layer),
                IntermediateSize = shape.WideShared && layer >= firstShared ? 2 * shape.Intermediate : shape.Intermediate,
                Rope = IsFull(layer) ? new RopeConfig(1e6, FullHeadDim / 8) : new RopeConfig(1e4, SlidingHeadDim / 2),
            }),
        ];
    }

    private static VisionConfig Vision(int layers, int heads, int headDim, int intermediate, bool large) => new()
    {
        HiddenSize = heads * headDim,
        NumLayers = layers,
        NumHeads = heads,
        NumKvHeads = heads,
        HeadDim = headDim,
        IntermediateSize = intermediate,
        PatchSize = 16,
        PoolingSize = 3,
        NumPositions = 10_240,
        RopeTheta = 100,
        RmsNormEps = 1e-6,
        Standardizes = large,
        ClipsLinears = !large,
    };

    private static AudioConfig Audio() => new()
    {
        HiddenSize = 1024,
        NumLayers = 12,
        NumHeads = 8,
        OutputSize = 1536,
        ConvChannels = [128, 32],
        ConvKernelSize = 5,
        ChunkSize = 12,
        ContextLeft = 13,
        ContextRight = 0,
        AttentionLogitCap = 50,
        InvalidLogit = -1e9,
        GradientClipping = 1e10,
        ResidualWeight = 0.5,
        RmsNormEps = 1e-6,
        ClipsLinears = true,
    };
}
