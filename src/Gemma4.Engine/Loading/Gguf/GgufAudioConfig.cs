using Gemma4.Engine.Configuration;

namespace Gemma4.Engine.Loading.Gguf;

/// <summary>The audio tower's configuration, from an mmproj file's keys, tensors and, for what none of them says, the released models.</summary>
internal static class GgufAudioConfig
{
    /// <summary>Reads it; null where the file has no audio tower.</summary>
    public static AudioConfig? Read(GgufFile mmproj)
    {
        GgufMetadata keys = mmproj.Metadata;
        if (!keys.Bool("clip.has_audio_encoder", absent: false))
            return null;
        keys.MustBe("clip.audio.projector_type", "gemma4a");
        var config = new AudioConfig
        {
            HiddenSize = keys.Count("clip.audio.embedding_length", ConfigLimits.MaxWidth),
            NumLayers = keys.Count("clip.audio.block_count", ConfigLimits.MaxLayers),
            NumHeads = keys.Count("clip.audio.attention.head_count", ConfigLimits.MaxHeads),
            OutputSize = GgufShapes.Rows(mmproj, "a.pre_encode.out.weight", ConfigLimits.MaxWidth),
            ConvChannels = [GgufShapes.Length(mmproj, "a.conv1d.0.norm.weight", ConfigLimits.MaxWidth), GgufShapes.Length(mmproj, "a.conv1d.1.norm.weight", ConfigLimits.MaxWidth)],
            ConvKernelSize = GgufShapes.Dimension(mmproj, "a.blk.0.conv_dw.weight", 2, 1, ConfigLimits.MaxAudioFrames),
            // The rest is the same in every release (config.json of E2B and E4B), and in no key.
            ChunkSize = 12,
            ContextLeft = 13,
            ContextRight = 0,
            AttentionLogitCap = 50,
            InvalidLogit = -1e9,
            GradientClipping = 1e10,
            ResidualWeight = 0.5,
            RmsNormEps = 1e-6,      // older files say 1e-5 in clip.audio.attention.layer_norm_epsilon, which is wrong
            ClipsLinears = mmproj.Find("a.blk.0.attn_q.input_min") is not null,
        };
        if (config.HiddenSize % 2 != 0)
            throw keys.Refuse("clip.audio.embedding_length", $"expected an even number (sines and cosines of distances), found {config.HiddenSize}");
        return config.HiddenSize % config.NumHeads == 0
            ? config
            : throw keys.Refuse("clip.audio.attention.head_count", $"expected a divisor of clip.audio.embedding_length ({config.HiddenSize}), found {config.NumHeads}");
    }
}
