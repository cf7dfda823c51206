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
        int hidden = vision.Count("hidden_size", ConfigLimits.MaxWidth), heads = vision.Count("num_attention_heads", ConfigLimits.MaxHeads);
        var config = new VisionConfig
        {
            HiddenSize = hidden,
            NumLayers = vision.Count("num_hidden_layers", ConfigLimits.MaxLayers),
            NumHeads = heads,
            NumKvHeads = vision.OptionalCount("num_key_value_heads", ConfigLimits.MaxHeads) ?? heads,
            HeadDim = vision.OptionalCount("head_dim", ConfigLimits.MaxHeadDim) ?? hidden / heads,
            IntermediateSize = vision.Count("intermediate_size", ConfigLimits.MaxIntermediate),
            PatchSize = vision.Count("patch_size", ConfigLimits.MaxPatchSize),
            PoolingSize = vision.Count("pooling_kernel_size", ConfigLimits.MaxPooling),
            NumPositions = vision.Count("position_embedding_size", ConfigLimits.MaxSoftTokens),
            RopeTheta = vision.Section("rope_parameters").Number("rope_theta", ConfigLimits.Theta),
            RmsNormEps = vision.Number("rms_norm_eps", ConfigLimits.Eps),
            Standardizes = vision.Bool("standardize", absent: false),
            ClipsLinears = vision.Bool("use_clipped_linears", absent: false),
        };
        if (config.HeadDim % 4 != 0 || config.HeadDim == 0)
            throw vision.Refuse("head_dim", $"expected a multiple of 4 (two axes of pairs), found {config.HeadDim}");
        return config.NumHeads % config.NumKvHeads == 0
            ? config
            : throw vision.Refuse("num_key_value_heads", $"{heads} query heads cannot share {config.NumKvHeads} KV heads evenly");
    }
}
