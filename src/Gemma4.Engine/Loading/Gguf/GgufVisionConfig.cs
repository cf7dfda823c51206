using Gemma4.Engine.Configuration;

namespace Gemma4.Engine.Loading.Gguf;

/// <summary>The vision tower's configuration, from an mmproj file's keys, tensors and, for what none of them says, the released models.</summary>
internal static class GgufVisionConfig
{
    /// <summary>Patches on a side that one soft token averages: the same in every release, and in no key.</summary>
    private const int PoolingSize = 3;

    /// <summary>Base of the rotary frequencies on each axis: the same in every release, and in no key.</summary>
    private const double RopeTheta = 100;

    /// <summary>Reads it; null where the file has no vision tower.</summary>
    public static VisionConfig? Read(GgufFile mmproj)
    {
        GgufMetadata keys = mmproj.Metadata;
        if (!keys.Bool("clip.has_vision_encoder", absent: false))
            return null;
        keys.MustBe(keys.Has("clip.projector_type") ? "clip.projector_type" : "clip.vision.projector_type", "gemma4v");
        int heads = keys.Count("clip.vision.attention.head_count", ConfigLimits.MaxHeads);
        int headDim = GgufShapes.Length(mmproj, "v.blk.0.attn_q_norm.weight", ConfigLimits.MaxHeadDim);
        if (headDim % 4 != 0)
            throw new CheckpointException(mmproj.Path, $"tensor v.blk.0.attn_q_norm.weight: expected a multiple of 4 (two axes of pairs), found {headDim}");
        int keyWidth = GgufShapes.Rows(mmproj, "v.blk.0.attn_k.weight", ConfigLimits.MaxHeads * ConfigLimits.MaxHeadDim);
        int kvHeads = keyWidth / headDim;
        if (kvHeads == 0 || keyWidth % headDim != 0 || heads % kvHeads != 0)
            throw keys.Refuse("clip.vision.attention.head_count", $"{heads} query heads of {headDim} do not go with keys of {keyWidth} (v.blk.0.attn_k.weight)");
        return new VisionConfig
        {
            HiddenSize = keys.Count("clip.vision.embedding_length", ConfigLimits.MaxWidth),
            NumLayers = keys.Count("clip.vision.block_count", ConfigLimits.MaxLayers),
            NumHeads = heads,
            NumKvHeads = kvHeads,
            HeadDim = headDim,
            IntermediateSize = keys.Count("clip.vision.feed_forward_length", ConfigLimits.MaxIntermediate),
            PatchSize = keys.Count("clip.vision.patch_size", ConfigLimits.MaxPatchSize),
            PoolingSize = PoolingSize,
            NumPositions = GgufShapes.Dimension(mmproj, "v.position_embd.weight", 3, 1, ConfigLimits.MaxSoftTokens),
            RopeTheta = RopeTheta,
            RmsNormEps = keys.Number("clip.vision.attention.layer_norm_epsilon", ConfigLimits.Eps),
            Standardizes = mmproj.Find("v.std_scale") is not null,
            ClipsLinears = mmproj.Find("v.blk.0.attn_q.input_min") is not null,
        };
    }
}
