using System.Buffers.Binary;
using System.Collections.Immutable;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Kernels;

namespace Gemma4.Engine.Loading.Gguf;

/// <summary>The text model's configuration, from keys and, where no key says it, from which tensors there are and their shapes.</summary>
/// <remarks>Keys: llama.cpp's <c>conversion/gemma.py</c> writes them, <c>src/models/gemma4.cpp</c> reads them.</remarks>
internal sealed class GgufTextConfig
{
    private const string Prefix = "gemma4.";

    /// <summary>Frequencies of pairs that stand still are divided by this or more; the converter writes 1e30.</summary>
    private const float Standstill = 1e20f;

    private readonly GgufFile _file;
    private readonly GgufMetadata _keys;
    private readonly int _count;
    private readonly ImmutableArray<bool> _slides;
    private readonly ImmutableArray<int> _kvHeads;
    private readonly ImmutableArray<int> _widths;
    private readonly RopeConfig _fullRope;
    private readonly RopeConfig _slidingRope;
    private readonly int _firstShared;

    private GgufTextConfig(GgufFile file)
    {
        (_file, _keys) = (file, file.Metadata);
        _count = _keys.Count(Prefix + "block_count", ConfigLimits.MaxLayers);
        _slides = _keys.Bools(Prefix + "attention.sliding_window_pattern", _count);
        _kvHeads = _keys.CountForEach(Prefix + "attention.head_count_kv", _count, ConfigLimits.MaxHeads);
        _widths = _keys.CountForEach(Prefix + "feed_forward_length", _count, ConfigLimits.MaxIntermediate);
        _firstShared = _count - (_keys.OptionalInt(Prefix + "attention.shared_kv_layers", 0, _count - 1) ?? 0);
        if (_keys.OptionalString(Prefix + "rope.scaling.type") is not (null or "none") and var scaling)
            throw _keys.Refuse(Prefix + "rope.scaling.type", $"found \"{scaling}\"; only \"none\" is supported");
        int full = HeadDim(""), sliding = HeadDim("_swa");
        _fullRope = new RopeConfig(_keys.Number(Prefix + "rope.freq_base", ConfigLimits.Theta), RotatedPairs(full));
        _slidingRope = new RopeConfig(_keys.Number(Prefix + "rope.freq_base_swa", ConfigLimits.Theta), sliding / 2);
        (FullHeadDim, SlidingHeadDim) = (full, sliding);
    }

    private int FullHeadDim { get; }

    private int SlidingHeadDim { get; }

    /// <summary>Reads it.</summary>
    /// <param name="file">A file whose architecture is <c>gemma4</c>.</param>
    /// <exception cref="CheckpointException">A key is missing or out of bounds, or two do not belong together.</exception>
    public static TextConfig Read(GgufFile file) => new GgufTextConfig(file).Read();

    private TextConfig Read()
    {
        (int vocabulary, int hidden) = Matrix("token_embd.weight", ConfigLimits.MaxVocabulary, ConfigLimits.MaxWidth);
        if (_keys.Count(Prefix + "embedding_length", ConfigLimits.MaxWidth) is var width && width != hidden)
            throw _keys.Refuse(Prefix + "embedding_length", $"found {width}, and token_embd.weight has rows of {hidden}");
        int perLayerWidth = _keys.OptionalInt(Prefix + "embedding_length_per_layer_input", 0, ConfigLimits.MaxWidth) ?? 0;
        return new TextConfig
        {
            VocabSize = vocabulary,
            HiddenSize = hidden,
            NumQueryHeads = _keys.Count(Prefix + "attention.head_count", ConfigLimits.MaxHeads),
            Layers = ReadLayers(),
            SlidingWindow = _keys.Count(Prefix + "attention.sliding_window", ConfigLimits.MaxPositions),
            MaxPositions = _keys.Count(Prefix + "context_length", ConfigLimits.MaxPositions),
            RmsNormEps = _keys.Number(Prefix + "attention.layer_norm_rms_epsilon", ConfigLimits.Eps),
            FinalLogitSoftcap = _keys.OptionalNumber(Prefix + "final_logit_softcapping", ConfigLimits.Cap),
            PerLayerWidth = perLayerWidth,
            PerLayerVocabSize = perLayerWidth == 0 ? vocabulary : PerLayerVocabulary(vocabulary, perLayerWidth),
            Moe = ReadMoe(),
            // No key says it. In every released model it goes with the absence of per-layer embeddings.
            BidirectionalVision = perLayerWidth == 0,
            PadTokenId = _keys.OptionalInt("tokenizer.ggml.padding_token_id", 0, vocabulary - 1) ?? 0,
            TiedHead = _file.Find("output.weight") is null,
        };
    }

    private ImmutableArray<LayerConfig> ReadLayers()
    {
        int queryHeads = _keys.Count(Prefix + "attention.head_count", ConfigLimits.MaxHeads);
        var layers = new LayerConfig[_count];
        for (int i = 0; i < _count; i++)
        {
            int owner = i < _firstShared ? i : LastOwner(i);
            int kvHeads = _kvHeads[owner];
            if (queryHeads % kvHeads != 0)
                throw _keys.Refuse(Prefix + "attention.head_count", $"{queryHeads} query heads cannot share {kvHeads} KV heads evenly (layer {i})");
            layers[i] = new LayerConfig
            {
                Index = i,
                Kind = _slides[i] ? LayerKind.Sliding : LayerKind.Full,
                HeadDim = _slides[i] ? SlidingHeadDim : FullHeadDim,
                NumKvHeads = kvHeads,
                KvLayerIndex = owner,
                KeysAreValues = !_slides[i] && _file.Find($"blk.{owner}.attn_v.weight") is null && _file.Find($"blk.{owner}.attn_qkv.weight") is null,
                IntermediateSize = _widths[i],
                Rope = _slides[i] ? _slidingRope : _fullRope,
            };
        }
        return [.. layers];
    }

    private int LastOwner(int layer)
    {
        for (int i = _firstShared - 1; i >= 0; i--)
        {
            if (_slides[i] == _slides[layer])
                return i;
        }
        throw _keys.Refuse(Prefix + "attention.shared_kv_layers", $"layer {layer} shares keys and values, but no earlier layer of its kind stores any");
    }

    private MoeConfig? ReadMoe()
    {
        int experts = _keys.OptionalInt(Prefix + "expert_count", 0, ConfigLimits.MaxExperts) ?? 0;
        if (experts == 0)
            return null;
        int active = _keys.Count(Prefix + "expert_used_count", ConfigLimits.MaxExperts);
        return active <= experts
            ? new MoeConfig(experts, active, _keys.Count(Prefix + "expert_feed_forward_length", ConfigLimits.MaxIntermediate))
            : throw _keys.Refuse(Prefix + "expert_used_count", $"found {active}, more than {Prefix}expert_count ({experts})");
    }

    private int HeadDim(string suffix)
    {
        string key = Prefix + "attention.key_length" + suffix;
        int width = _keys.Count(key, ConfigLimits.MaxHeadDim);
        if (width % ConfigLimits.HeadDimUnit != 0)
            throw _keys.Refuse(key, $"expected a multiple of {ConfigLimits.HeadDimUnit}, found {width}");
        foreach (string same in new[] { "attention.value_length", "rope.dimension_count" })
        {
            if (_keys.OptionalInt(Prefix + same + suffix, 0, int.MaxValue) is { } other && other != width)
                throw _keys.Refuse(Prefix + same + suffix, $"expected {width} ({key}), found {other}");
        }
        return width;
    }

    /// <summary>Pairs of a full layer's heads that turn: those whose frequency is divided by 1, and not by 1e30.</summary>
    private int RotatedPairs(int headDim)
    {
        const string name = "rope_freqs.weight";
        GgufTensor factors = _file.Find(name) ?? throw new CheckpointException(_file.Path, $"tensor {name} is missing; it says which pairs of a head turn");
        if (factors.Format != WeightFormat.Float32 || factors.Length != headDim / 2 * sizeof(float))
            throw new CheckpointException(factors.File, $"tensor {name}: expected {headDim / 2} F32, found {StoredTensor.Show(factors.Shape.AsSpan())} of {factors.Format}");
        byte[] bytes = GgufBytes.Read(factors);
        int pairs = 0;
        for (int i = 0; i < headDim / 2; i++)
        {
            float factor = BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(i * sizeof(float)));
            if (factor == 1 && pairs == i)
                pairs++;
            else if (!(factor >= Standstill))
                throw new CheckpointException(factors.File, $"tensor {name}: element {i} is {factor}; only frequencies that turn (1) or, behind them, stand still (1e30) are supported");
        }
        return pairs;
    }

    private int PerLayerVocabulary(int vocabulary, int perLayerWidth)
    {
        const string name = "per_layer_token_embd.weight";
        (int rows, int width) = Matrix(name, ConfigLimits.MaxVocabulary, int.MaxValue);
        if (width != (long)perLayerWidth * _count)
            throw new CheckpointException(_file.Path, $"tensor {name}: expected rows of {(long)perLayerWidth * _count} ({Prefix}embedding_length_per_layer_input × {Prefix}block_count), found {width}");
        return rows >= vocabulary ? rows : throw new CheckpointException(_file.Path, $"tensor {name}: expected at least {vocabulary} rows, those of token_embd.weight, found {rows}");
    }

    private (int Rows, int Width) Matrix(string name, int maxRows, int maxWidth)
    {
        GgufTensor tensor = _file.Find(name) ?? throw new CheckpointException(_file.Path, $"tensor {name} is missing");
        return tensor.Shape is [var rows, var width] && rows <= maxRows && width <= maxWidth
            ? ((int)rows, (int)width)
            : throw new CheckpointException(tensor.File, $"tensor {name}: expected a matrix of at most {maxRows} rows, found {StoredTensor.Show(tensor.Shape.AsSpan())}");
    }
}
