namespace Gemma4.Engine.Configuration;

/// <summary>The vision tower: a bidirectional transformer over 16 × 16 patches with axial rotary positions.</summary>
public sealed record VisionConfig
{
    /// <summary>Width of a patch's state, d.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Encoder layers.</summary>
    public required int NumLayers { get; init; }

    /// <summary>Attention heads.</summary>
    public required int NumHeads { get; init; }

    /// <summary>Heads of keys and values.</summary>
    public required int NumKvHeads { get; init; }

    /// <summary>Width of a head.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Width of the feed-forward.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Side of a patch in pixels.</summary>
    public required int PatchSize { get; init; }

    /// <summary>Patches on a side that one soft token averages.</summary>
    public required int PoolingSize { get; init; }

    /// <summary>Rows of the position table on each axis.</summary>
    public required int NumPositions { get; init; }

    /// <summary>Base of the rotary frequencies on each axis.</summary>
    public required double RopeTheta { get; init; }

    /// <summary>Added to the mean square inside RMSNorm's root.</summary>
    public required double RmsNormEps { get; init; }

    /// <summary>True where pooled states are shifted and scaled by stored statistics.</summary>
    public required bool Standardizes { get; init; }

    /// <summary>True where every projection clips its input and output to stored bounds.</summary>
    public required bool ClipsLinears { get; init; }

    /// <summary>Values of one patch: side × side × RGB.</summary>
    public int PatchValues => 3 * PatchSize * PatchSize;

    internal static VisionConfig Read(ConfigSection vision)
    {
        vision.MustBe("hidden_activation", "gelu_pytorch_tanh");
        int hidden = vision.Count("hidden_size"), heads = vision.Count("num_attention_heads");
        var config = new VisionConfig
        {
            HiddenSize = hidden,
            NumLayers = vision.Count("num_hidden_layers"),
            NumHeads = heads,
            NumKvHeads = vision.OptionalCount("num_key_value_heads") ?? heads,
            HeadDim = vision.OptionalCount("head_dim") ?? hidden / heads,
            IntermediateSize = vision.Count("intermediate_size"),
            PatchSize = vision.Count("patch_size"),
            PoolingSize = vision.Count("pooling_kernel_size"),
            NumPositions = vision.Count("position_embedding_size"),
            RopeTheta = vision.Section("rope_parameters").Number("rope_theta"),
            RmsNormEps = vision.Number("rms_norm_eps"),
            Standardizes = vision.Bool("standardize", absent: false),
            ClipsLinears = vision.Bool("use_clipped_linears", absent: false),
        };
        if (config.HeadDim % 4 != 0)
            throw vision.Refuse("head_dim", $"expected a multiple of 4 (two axes of pairs), found {config.HeadDim}");
        return config.NumHeads % config.NumKvHeads == 0
            ? config
            : throw vision.Refuse("num_key_value_heads", $"{heads} query heads cannot share {config.NumKvHeads} KV heads evenly");
    }
}
