using System.Collections.Immutable;
using System.Globalization;

namespace Gemma4.Engine.Configuration;

/// <summary>Reads <c>text_config</c>, in the released form and in the <c>per_layer_config</c> form that fine-tunes write.</summary>
internal static class TextConfigReader
{
    public static TextConfig Read(ConfigSection text, bool tiedHead)
    {
        text.MustBe("hidden_activation", "gelu_pytorch_tanh");
        if (text.Bool("attention_bias", absent: false))
            throw text.Refuse("attention_bias", "found true; only false is supported");
        string? bidirectional = text.OptionalString("use_bidirectional_attention");
        if (bidirectional is not (null or "vision"))
            throw text.Refuse("use_bidirectional_attention", $"found \"{bidirectional}\"; only null and \"vision\" are supported");
        int perLayerWidth = text.OptionalInt("hidden_size_per_layer_input", 0, ConfigLimits.MaxWidth) ?? 0;
        int vocabulary = text.Count("vocab_size", ConfigLimits.MaxVocabulary);
        int perLayerVocabulary = text.OptionalCount("vocab_size_per_layer_input", ConfigLimits.MaxVocabulary) ?? vocabulary;
        if (perLayerWidth > 0 && perLayerVocabulary < vocabulary)
            throw text.Refuse("vocab_size_per_layer_input", $"expected at least vocab_size ({vocabulary}), found {perLayerVocabulary}");
        return new TextConfig
        {
            VocabSize = vocabulary,
            HiddenSize = text.Count("hidden_size", ConfigLimits.MaxWidth),
            NumQueryHeads = text.Count("num_attention_heads", ConfigLimits.MaxHeads),
            Layers = ReadLayers(text),
            SlidingWindow = text.Count("sliding_window", ConfigLimits.MaxPositions),
            MaxPositions = text.Count("max_position_embeddings", ConfigLimits.MaxPositions),
            RmsNormEps = text.Number("rms_norm_eps", ConfigLimits.Eps),
            FinalLogitSoftcap = text.OptionalNumber("final_logit_softcapping", ConfigLimits.Cap),
            PerLayerWidth = perLayerWidth,
            PerLayerVocabSize = perLayerVocabulary,
            Moe = ReadMoe(text),
            BidirectionalVision = bidirectional == "vision",
            PadTokenId = text.OptionalToken("pad_token_id", vocabulary) ?? 0,
            TiedHead = tiedHead,
        };
    }

    private static MoeConfig? ReadMoe(ConfigSection text)
    {
        if (!text.Bool("enable_moe_block", absent: false))
            return null;
        var moe = new MoeConfig(
            text.Count("num_experts", ConfigLimits.MaxExperts),
            text.Count("top_k_experts", ConfigLimits.MaxExperts),
            text.OptionalCount("moe_intermediate_size", ConfigLimits.MaxIntermediate) ?? text.Count("expert_intermediate_size", ConfigLimits.MaxIntermediate));
        return moe.NumActiveExperts <= moe.NumExperts
            ? moe
            : throw text.Refuse("top_k_experts", $"found {moe.NumActiveExperts}, more than num_experts ({moe.NumExperts})");
    }

    private static ImmutableArray<LayerConfig> ReadLayers(ConfigSection text)
    {
        int count = text.Count("num_hidden_layers", ConfigLimits.MaxLayers);
        LayerKind[] kinds = ReadKinds(text, count);
        int shared = text.OptionalInt("num_kv_shared_layers", 0, count - 1) ?? 0;
        bool keysAreValues = text.Bool("attention_k_eq_v", absent: false);
        bool doubleWide = text.Bool("use_double_wide_mlp", absent: false);
        int intermediate = text.Count("intermediate_size", ConfigLimits.MaxIntermediate);
        int queryHeads = text.Count("num_attention_heads", ConfigLimits.MaxHeads);
        ConfigSection? overrides = text.OptionalSection("per_layer_config");
        int firstShared = count - shared;
        var layers = new LayerConfig[count];
        for (int i = 0; i < count; i++)
        {
            bool shares = i >= firstShared;
            int owner = shares ? Array.LastIndexOf(kinds, kinds[i], firstShared - 1) : i;
            if (owner < 0)
                throw text.Refuse("num_kv_shared_layers", $"layer {i} shares keys and values, but no earlier layer of its kind stores any");
            bool full = kinds[i] == LayerKind.Full;
            ConfigSection? own = overrides?.OptionalSection(i.ToString(CultureInfo.InvariantCulture));
            int headDim = own?.OptionalCount("head_dim", ConfigLimits.MaxHeadDim) ?? (full ? text.OptionalCount("global_head_dim", ConfigLimits.MaxHeadDim) : null) ?? text.Count("head_dim", ConfigLimits.MaxHeadDim);
            int kvHeads = own?.OptionalCount("num_key_value_heads", ConfigLimits.MaxHeads)
                ?? (full && keysAreValues ? text.OptionalCount("num_global_key_value_heads", ConfigLimits.MaxHeads) : null)
                ?? text.Count("num_key_value_heads", ConfigLimits.MaxHeads);
            if (queryHeads % kvHeads != 0)
                throw text.Refuse("num_attention_heads", $"{queryHeads} query heads cannot share {kvHeads} KV heads evenly (layer {i})");
            layers[i] = new LayerConfig
            {
                Index = i,
                Kind = kinds[i],
                HeadDim = headDim,
                NumKvHeads = kvHeads,
                KvLayerIndex = owner,
                KeysAreValues = keysAreValues && full,
                IntermediateSize = own?.OptionalCount("intermediate_size", ConfigLimits.MaxIntermediate) ?? (doubleWide && shares ? 2 * intermediate : intermediate),
                Rope = ReadRope(text, full ? "full_attention" : "sliding_attention", headDim),
            };
            LayerConfig read = layers[owner];
            if (read.HeadDim != headDim || read.NumKvHeads != kvHeads)
                throw text.Refuse("per_layer_config", $"layer {i} reads the keys of layer {owner}, whose heads have another shape");
        }
        return [.. layers];
    }

    private static LayerKind[] ReadKinds(ConfigSection text, int count)
    {
        ImmutableArray<string> types = text.Strings("layer_types");
        if (types.Length != count)
            throw text.Refuse("layer_types", $"expected {count} entries (num_hidden_layers), found {types.Length}");
        return [.. types.Select(type => type switch
        {
            "full_attention" => LayerKind.Full,
            "sliding_attention" => LayerKind.Sliding,
            _ => throw text.Refuse("layer_types", $"found \"{type}\"; only \"full_attention\" and \"sliding_attention\" are supported"),
        })];
    }

    /// <summary>Rotated pairs as the reference counts them: <c>int(factor · H // 2)</c>; "default" turns all.</summary>
    private static RopeConfig ReadRope(ConfigSection text, string kind, int headDim)
    {
        if (headDim % ConfigLimits.HeadDimUnit != 0)
            throw text.Refuse("head_dim", $"expected a multiple of {ConfigLimits.HeadDimUnit}, found {headDim}");
        ConfigSection rope = text.Section("rope_parameters").Section(kind);
        string type = rope.OptionalString("rope_type") ?? "default";
        double theta = rope.Number("rope_theta", ConfigLimits.Theta);
        double factor = type switch
        {
            "default" => 1,
            "proportional" => rope.OptionalNumber("partial_rotary_factor", new NumberRange(0, 1)) ?? 1,
            _ => throw rope.Refuse("rope_type", $"found \"{type}\"; only \"default\" and \"proportional\" are supported"),
        };
        return new RopeConfig(theta, (int)Math.Floor(factor * headDim / 2));
    }
}
