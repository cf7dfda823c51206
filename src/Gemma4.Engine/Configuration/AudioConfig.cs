using System.Collections.Immutable;

namespace Gemma4.Engine.Configuration;

/// <summary>The audio tower: a conformer over log-mel frames, a quarter of the frames after two strided convolutions.</summary>
public sealed record AudioConfig
{
    /// <summary>Width of a frame's state, d.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Conformer layers.</summary>
    public required int NumLayers { get; init; }

    /// <summary>Attention heads.</summary>
    public required int NumHeads { get; init; }

    /// <summary>Width after the output projection.</summary>
    public required int OutputSize { get; init; }

    /// <summary>Channels of the two subsampling convolutions.</summary>
    public required ImmutableArray<int> ConvChannels { get; init; }

    /// <summary>Taps of the depthwise convolution.</summary>
    public required int ConvKernelSize { get; init; }

    /// <summary>Frames of one attention chunk.</summary>
    public required int ChunkSize { get; init; }

    /// <summary>Frames a query sees to its left, itself included, plus one: the reference's <c>attention_context_left</c>.</summary>
    public required int ContextLeft { get; init; }

    /// <summary>Frames a query sees to its right.</summary>
    public required int ContextRight { get; init; }

    /// <summary>Attention scores are squeezed into ± this.</summary>
    public required double AttentionLogitCap { get; init; }

    /// <summary>Score of a masked frame.</summary>
    public required double InvalidLogit { get; init; }

    /// <summary>Activations are clipped to ± this around each sublayer.</summary>
    public required double GradientClipping { get; init; }

    /// <summary>Weight of a half-step feed-forward in the residual.</summary>
    public required double ResidualWeight { get; init; }

    /// <summary>Added to the mean square inside RMSNorm's root.</summary>
    public required double RmsNormEps { get; init; }

    /// <summary>True where every projection clips its input and output to stored bounds.</summary>
    public required bool ClipsLinears { get; init; }

    internal static AudioConfig Read(ConfigSection audio)
    {
        audio.MustBe("hidden_act", "silu");
        var config = new AudioConfig
        {
            HiddenSize = audio.Count("hidden_size", ConfigLimits.MaxWidth),
            NumLayers = audio.Count("num_hidden_layers", ConfigLimits.MaxLayers),
            NumHeads = audio.Count("num_attention_heads", ConfigLimits.MaxHeads),
            OutputSize = audio.Count("output_proj_dims", ConfigLimits.MaxWidth),
            ConvChannels = audio.Ints("subsampling_conv_channels", 1, ConfigLimits.MaxWidth, maxCount: 2),
            ConvKernelSize = audio.Count("conv_kernel_size", ConfigLimits.MaxAudioFrames),
            ChunkSize = audio.Count("attention_chunk_size", ConfigLimits.MaxAudioFrames),
            ContextLeft = audio.Int("attention_context_left", 2, ConfigLimits.MaxAudioFrames),      // the window is open: 2 sees the frame itself
            ContextRight = audio.OptionalInt("attention_context_right", 0, ConfigLimits.MaxAudioFrames) ?? 0,
            AttentionLogitCap = audio.Number("attention_logit_cap", ConfigLimits.Cap),
            InvalidLogit = audio.OptionalNumber("attention_invalid_logits_value", new NumberRange(float.MinValue, 0)) ?? -1e9,
            GradientClipping = audio.Number("gradient_clipping", NumberRange.Above(0, float.MaxValue)),
            ResidualWeight = audio.Number("residual_weight", new NumberRange(0, 100)),
            RmsNormEps = audio.Number("rms_norm_eps", ConfigLimits.Eps),
            ClipsLinears = audio.Bool("use_clipped_linears", absent: false),
        };
        if (config.ConvChannels.Length != 2)
            throw audio.Refuse("subsampling_conv_channels", "expected two positive integers");
        if (config.HiddenSize % 2 != 0)
            throw audio.Refuse("hidden_size", $"expected an even number (sines and cosines of distances), found {config.HiddenSize}");
        return config.HiddenSize % config.NumHeads == 0
            ? config
            : throw audio.Refuse("num_attention_heads", $"expected a divisor of hidden_size ({config.HiddenSize}), found {config.NumHeads}");
    }
}
