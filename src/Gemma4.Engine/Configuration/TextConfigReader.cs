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
        int perLayerWidth = text.OptionalInt("hidden_size_per_layer_input") ?? 0;
        if (perLayerWidth < 0)
            throw text.Refuse("hidden_size_per_layer_input", $"expected at least 0, found {perLayerWidth}");
        int vocabulary = text.Count("vocab_size");
        return new TextConfig
        {
            VocabSize = vocabulary,
            HiddenSize = text.Count("hidden_size"),
            NumQueryHeads = text.Count("num_attention_heads"),
            Layers = ReadLayers(text),
            SlidingWindow = text.Count("sliding_window"),
            MaxPositions = text.Count("max_position_embeddings"),
            RmsNormEps = text.Number("rms_norm_eps"),
            FinalLogitSoftcap = text.OptionalNumber("final_logit_softcapping"),
            PerLayerWidth = perLayerWidth,
            PerLayerVocabSize = text.OptionalCount("vocab_size_per_layer_input") ?? vocabulary,
            Moe = ReadMoe(text),
            BidirectionalVision = bidirectional == "vision",
            PadTokenId = text.OptionalInt("pad_token_id") ?? 0,
            TiedHead = tiedHead,
        };
    }

    private static MoeConfig? ReadMoe(ConfigSection text)
    {
        if (!text.Bool("enable_moe_block", absent: false))
            return null;
        var moe = new MoeConfig(
            text.Count("num_experts"),
            text.Count("top_k_experts"),
            text.OptionalCount("moe_intermediate_size") ?? text.Count("expert_intermediate_size"));
        return moe.NumActiveExperts <= moe.NumExperts
            ? moe
            : throw text.Refuse("top_k_experts", $"found {moe.NumActiveExperts}, more than num_experts ({moe.NumExperts})");
    }

    private static ImmutableArray<LayerConfig> ReadLayers(ConfigSection text)
    {
        int count = text.Count("num_hidden_layers");
        LayerKind[] kinds = ReadKinds(text, count);
        int shared = text.OptionalInt("num_kv_shared_layers") ?? 0;
        if (shared < 0 || shared >= count)
            throw text.Refuse("num_kv_shared_layers", $"expected 0 to {count - 1}, found {shared}");
        bool keysAreValues = text.Bool("attention_k_eq_v", absent: false);
        bool doubleWide = text.Bool("use_double_wide_mlp", absent: false);
        int intermediate = text.Count("intermediate_size");
        int queryHeads = text.Count("num_attention_heads");
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
            int headDim = own?.OptionalCount("head_dim") ?? (full ? text.OptionalCount("global_head_dim") : null) ?? text.Count("head_dim");
            int kvHeads = own?.OptionalCount("num_key_value_heads")
                ?? (full && keysAreValues ? text.OptionalCount("num_global_key_value_heads") : null)
                ?? text.Count("num_key_value_heads");
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
                IntermediateSize = own?.OptionalCount("intermediate_size") ?? (doubleWide && shares ? 2 * intermediate : intermediate),
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
        if (headDim % 2 != 0)
            throw text.Refuse("head_dim", $"expected an even number, found {headDim}");
        ConfigSection rope = text.Section("rope_parameters").Section(kind);
        string type = rope.OptionalString("rope_type") ?? "default";
        double theta = rope.Number("rope_theta");
        double factor = type switch
        {
            "default" => 1,
            "proportional" => rope.OptionalNumber("partial_rotary_factor") ?? 1,
            _ => throw rope.Refuse("rope_type", $"found \"{type}\"; only \"default\" and \"proportional\" are supported"),
        };
        int pairs = (int)Math.Floor(factor * headDim / 2);
        return pairs >= 0 && pairs <= headDim / 2
            ? new RopeConfig(theta, pairs)
            : throw rope.Refuse("partial_rotary_factor", $"expected 0 to 1, found {factor.ToString(CultureInfo.InvariantCulture)}");
    }
}
