namespace Gemma4.Engine.Loading.Gguf;

/// <summary>From the published name of a tensor, as in safetensors, to its name in GGUF files.</summary>
/// <remarks>gguf-py's <c>tensor_mapping.py</c> with llama.cpp's <c>conversion/gemma.py</c>. Names that go by another way are in <see cref="GgufTensors"/>.</remarks>
internal static class GgufNames
{
    private const string Text = "model.language_model.", TextLayers = Text + "layers.";
    private const string VisionLayers = "model.vision_tower.encoder.layers.", AudioLayers = "model.audio_tower.layers.";

    /// <summary>Suffix of a projection that may clip; the bounds beside it have names without it.</summary>
    private const string Clipped = "linear.";

    private static readonly Dictionary<string, string> Whole = new(StringComparer.Ordinal)
    {
        [Text + "embed_tokens.weight"] = "token_embd.weight",
        [Text + "norm.weight"] = "output_norm.weight",
        ["lm_head.weight"] = "output.weight",
        [Text + "embed_tokens_per_layer.weight"] = "per_layer_token_embd.weight",
        [Text + "per_layer_model_projection.weight"] = "per_layer_model_proj.weight",
        [Text + "per_layer_projection_norm.weight"] = "per_layer_proj_norm.weight",
        ["model.vision_tower.std_bias"] = "v.std_bias",
        ["model.vision_tower.std_scale"] = "v.std_scale",
        ["model.vision_tower.patch_embedder.position_embedding_table"] = "v.position_embd.weight",
        ["model.vision_tower.patch_embedder.input_proj.weight"] = "v.patch_embd.weight",
        ["model.embed_vision.embedding_projection.weight"] = "mm.input_projection.weight",
        ["model.audio_tower.subsample_conv_projection.layer0.conv.weight"] = "a.conv1d.0.weight",
        ["model.audio_tower.subsample_conv_projection.layer0.norm.weight"] = "a.conv1d.0.norm.weight",
        ["model.audio_tower.subsample_conv_projection.layer1.conv.weight"] = "a.conv1d.1.weight",
        ["model.audio_tower.subsample_conv_projection.layer1.norm.weight"] = "a.conv1d.1.norm.weight",
        ["model.audio_tower.subsample_conv_projection.input_proj_linear.weight"] = "a.input_projection.weight",
        ["model.audio_tower.output_proj.weight"] = "a.pre_encode.out.weight",
        ["model.audio_tower.output_proj.bias"] = "a.pre_encode.out.bias",
        ["model.embed_audio.embedding_projection.weight"] = "mm.a.input_projection.weight",
    };

    private static readonly Dictionary<string, string> InTextLayer = new(StringComparer.Ordinal)
    {
        ["layer_scalar"] = "layer_output_scale.weight",
        ["self_attn.q_proj.weight"] = "attn_q.weight",
        ["self_attn.k_proj.weight"] = "attn_k.weight",
        ["self_attn.v_proj.weight"] = "attn_v.weight",
        ["self_attn.o_proj.weight"] = "attn_output.weight",
        ["self_attn.q_norm.weight"] = "attn_q_norm.weight",
        ["self_attn.k_norm.weight"] = "attn_k_norm.weight",
        ["mlp.gate_proj.weight"] = "ffn_gate.weight",
        ["mlp.up_proj.weight"] = "ffn_up.weight",
        ["mlp.down_proj.weight"] = "ffn_down.weight",
        ["input_layernorm.weight"] = "attn_norm.weight",
        ["post_attention_layernorm.weight"] = "post_attention_norm.weight",
        ["pre_feedforward_layernorm.weight"] = "ffn_norm.weight",
        ["post_feedforward_layernorm.weight"] = "post_ffw_norm.weight",
        ["per_layer_input_gate.weight"] = "inp_gate.weight",
        ["per_layer_projection.weight"] = "proj.weight",
        ["post_per_layer_input_norm.weight"] = "post_norm.weight",
        ["router.proj.weight"] = "ffn_gate_inp.weight",
        ["router.scale"] = "ffn_gate_inp.scale",
        ["router.per_expert_scale"] = "ffn_down_exps.scale",
        ["experts.gate_up_proj"] = "ffn_gate_up_exps.weight",
        ["experts.down_proj"] = "ffn_down_exps.weight",
        ["pre_feedforward_layernorm_2.weight"] = "pre_ffw_norm_2.weight",
        ["post_feedforward_layernorm_1.weight"] = "post_ffw_norm_1.weight",
        ["post_feedforward_layernorm_2.weight"] = "post_ffw_norm_2.weight",
    };

    private static readonly Dictionary<string, string> InVisionLayer = new(StringComparer.Ordinal)
    {
        ["self_attn.q_proj."] = "attn_q.",
        ["self_attn.k_proj."] = "attn_k.",
        ["self_attn.v_proj."] = "attn_v.",
        ["self_attn.o_proj."] = "attn_out.",
        ["self_attn.q_norm."] = "attn_q_norm.",
        ["self_attn.k_norm."] = "attn_k_norm.",
        ["mlp.gate_proj."] = "ffn_gate.",
        ["mlp.up_proj."] = "ffn_up.",
        ["mlp.down_proj."] = "ffn_down.",
        ["input_layernorm."] = "ln1.",
        ["post_attention_layernorm."] = "attn_post_norm.",
        ["pre_feedforward_layernorm."] = "ln2.",
        ["post_feedforward_layernorm."] = "ffn_post_norm.",
    };

    private static readonly Dictionary<string, string> InAudioLayer = new(StringComparer.Ordinal)
    {
        ["feed_forward1.ffw_layer_1."] = "ffn_up.",
        ["feed_forward1.ffw_layer_2."] = "ffn_down.",
        ["feed_forward1.pre_layer_norm."] = "ffn_norm.",
        ["feed_forward1.post_layer_norm."] = "ffn_post_norm.",
        ["feed_forward2.ffw_layer_1."] = "ffn_up_1.",
        ["feed_forward2.ffw_layer_2."] = "ffn_down_1.",
        ["feed_forward2.pre_layer_norm."] = "ffn_norm_1.",
        ["feed_forward2.post_layer_norm."] = "ffn_post_norm_1.",
        ["self_attn.q_proj."] = "attn_q.",
        ["self_attn.k_proj."] = "attn_k.",
        ["self_attn.v_proj."] = "attn_v.",
        ["self_attn.post."] = "attn_out.",
        ["self_attn.relative_k_proj."] = "attn_k_rel.",
        ["lconv1d.linear_start."] = "conv_pw1.",
        ["lconv1d.linear_end."] = "conv_pw2.",
        ["lconv1d.depthwise_conv1d."] = "conv_dw.",
        ["lconv1d.pre_layer_norm."] = "conv_norm.",      // the two are swapped in llama.cpp's tables
        ["lconv1d.conv_norm."] = "norm_conv.",
        ["norm_pre_attn."] = "attn_pre_norm.",
        ["norm_post_attn."] = "attn_post_norm.",
        ["norm_out."] = "ln2.",
    };

    /// <summary>Finds a name; null where GGUF files have no such tensor.</summary>
    public static string? Find(string published)
    {
        if (TrySplit(published, TextLayers, out string layer, out string rest))
            return InTextLayer.TryGetValue(rest, out string? text) ? $"blk.{layer}.{text}" : null;
        if (TrySplit(published, VisionLayers, out layer, out rest))
            return Find(InVisionLayer, rest) is { } vision ? $"v.blk.{layer}.{vision}" : null;
        if (!TrySplit(published, AudioLayers, out layer, out rest))
            return Whole.GetValueOrDefault(published);
        if (rest == "self_attn.per_dim_scale")
            return $"a.blk.{layer}.per_dim_scale.weight";
        return Find(InAudioLayer, rest) is { } audio ? $"a.blk.{layer}.{audio}" : null;
    }

    /// <summary>Whether a name is that of a text layer's tensor, and of which.</summary>
    public static bool IsInTextLayer(string published, out string layer, out string rest) => TrySplit(published, TextLayers, out layer, out rest);

    private static bool TrySplit(string name, string prefix, out string layer, out string rest)
    {
        (layer, rest) = ("", "");
        int dot = name.StartsWith(prefix, StringComparison.Ordinal) ? name.IndexOf('.', prefix.Length) : -1;
        if (dot < 0)
            return false;
        (layer, rest) = (name[prefix.Length..dot], name[(dot + 1)..]);
        return true;
    }

    /// <summary>Modules of the towers: a weight, or a bound of what a projection clips.</summary>
    private static string? Find(Dictionary<string, string> modules, string rest)
    {
        rest = rest.Replace(Clipped, "", StringComparison.Ordinal);
        int leaf = rest.LastIndexOf('.') + 1;
        return modules.TryGetValue(rest[..leaf], out string? module) ? module + rest[leaf..] : null;
    }
}
