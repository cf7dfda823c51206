using Gemma4.Engine.Configuration;
using Gemma4.Engine.Layers;
using Gemma4.Engine.Models.Audio;
using Gemma4.Engine.Models.Text;
using Gemma4.Engine.Models.Vision;
using static TorchSharp.torch;

namespace Gemma4.Engine.Models;

/// <summary>A Gemma 4 with its weights: text model and towers. Used on the engine thread only.</summary>
internal sealed class Gemma4Model : IDisposable
{
    private readonly WeightSource _weights;
    private readonly TextModel _text;
    private readonly VisionTower? _vision;
    private readonly AudioTower? _audio;

    /// <summary>Builds the model and takes its weights.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="weights">Where weights come from; owned by the model from here on.</param>
    public Gemma4Model(Gemma4Config config, WeightSource weights)
    {
        Config = config;
        _weights = weights;
        _text = new TextModel(config.Text, weights);
        _vision = config.Vision is { } vision ? new VisionTower(vision, config.Text.HiddenSize, weights) : null;
        _audio = config.Audio is { } audio ? new AudioTower(audio, config.Text.HiddenSize, weights) : null;
    }

    /// <summary>The configuration.</summary>
    public Gemma4Config Config { get; }

    /// <summary>Where its weights come from.</summary>
    public WeightSource Weights => _weights;

    /// <summary>Where it computes.</summary>
    public Device Device => _weights.Device;

    /// <summary>Dtype of hidden states and of the KV cache.</summary>
    public ScalarType Dtype => _weights.Dtype;

    /// <summary>What a position costs in a KV group of <see cref="TextConfig.KvGroups"/>, in bytes.</summary>
    public long KvBytesPerToken(KvGroupConfig group) => group.ElementsPerToken * (Dtype == ScalarType.Float32 ? 4 : 2);

    /// <summary>Takes the memory of the KV cache; the caller owns it.</summary>
    /// <param name="numBlocks">Blocks of each group's pool, in the order of <see cref="TextConfig.KvGroups"/>.</param>
    /// <param name="blockSize">Positions in a block.</param>
    public KvStorage CreateKvStorage(IReadOnlyList<int> numBlocks, int blockSize)
    {
        var specs = new KvLayerSpec?[Config.Text.Layers.Length];
        for (int g = 0; g < Config.Text.KvGroups.Length; g++)
        {
            foreach (int i in Config.Text.KvGroups[g].OwnerLayers)
            {
                LayerConfig layer = Config.Text.Layers[i];
                specs[i] = new KvLayerSpec(g, layer.NumKvHeads, layer.HeadDim, layer.KeysAreValues);
            }
        }
        return new KvStorage(specs, numBlocks, blockSize, Dtype, Device);
    }

    /// <summary>Computes a step: writes its keys and values, and returns its hidden states.</summary>
    /// <param name="tokenIds">The step's T tokens, sequences end to end; media placeholders as they stand in the prompt.</param>
    /// <param name="step">Positions, block tables, slots and media spans.</param>
    /// <param name="kv">The KV cache.</param>
    /// <param name="softTokens">Encoder output for the step's placeholders; null where there is none.</param>
    /// <param name="observer">Sees intermediate results; null in service.</param>
    /// <returns>Hidden states after the final norm, <c>[T, D]</c>; the caller owns them.</returns>
    public Tensor Forward(
        ReadOnlySpan<int> tokenIds, StepInputs step, KvStorage kv, SoftTokens? softTokens = null, IForwardObserver? observer = null)
    {
        Span<int> textIds = tokenIds.Length <= 1024 ? stackalloc int[tokenIds.Length] : new int[tokenIds.Length];
        for (int i = 0; i < textIds.Length; i++)
            textIds[i] = Config.IsMediaPlaceholder(tokenIds[i]) ? Config.Text.PadTokenId : tokenIds[i];
        return _text.Forward(textIds, step, kv, softTokens, observer);
    }

    /// <summary>Logits of chosen rows.</summary>
    /// <param name="hidden">Hidden states <c>[R, D]</c> of the rows wanted: select them first.</param>
    /// <returns>Softcapped logits <c>[R, V]</c> float32; the caller owns them.</returns>
    public Tensor Logits(Tensor hidden) => _text.Logits(hidden);

    /// <summary>Begins to encode pictures, all in one pass.</summary>
    /// <param name="images">At least one.</param>
    /// <returns>The caller owns it.</returns>
    /// <exception cref="InvalidOperationException">The model cannot see.</exception>
    public IEncoderPass BeginImages(IReadOnlyList<ImagePatches> images) =>
        (_vision ?? throw new InvalidOperationException("The model has no vision tower.")).Begin(images);

    /// <summary>Begins to encode a sound.</summary>
    /// <param name="logMel">Valid log-mel frames, <c>[frames, 128]</c> row-major.</param>
    /// <returns>The caller owns it.</returns>
    /// <exception cref="InvalidOperationException">The model cannot hear.</exception>
    public IEncoderPass BeginAudio(ReadOnlyMemory<float> logMel) =>
        (_audio ?? throw new InvalidOperationException("The model has no audio tower.")).Begin(logMel);

    /// <summary>Encodes pictures from beginning to end.</summary>
    /// <param name="images">At least one.</param>
    /// <returns>Soft tokens of all pictures end to end, <c>[M, D]</c>; the caller owns them.</returns>
    /// <exception cref="InvalidOperationException">The model cannot see.</exception>
    public Tensor EncodeImages(IReadOnlyList<ImagePatches> images)
    {
        using IEncoderPass pass = BeginImages(images);
        return pass.Finish();
    }

    /// <summary>Encodes a sound from beginning to end.</summary>
    /// <param name="logMel">Valid log-mel frames, <c>[frames, 128]</c> row-major.</param>
    /// <returns>Soft tokens <c>[M, D]</c>; the caller owns them.</returns>
    /// <exception cref="InvalidOperationException">The model cannot hear.</exception>
    public Tensor EncodeAudio(ReadOnlyMemory<float> logMel)
    {
        using IEncoderPass pass = BeginAudio(logMel);
        return pass.Finish();
    }

    public void Dispose() => _weights.Dispose();
}
