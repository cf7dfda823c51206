using Gemma4.Engine.Backends;
using Gemma4.Engine.Backends.Torch;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Models.Audio;
using Gemma4.Engine.Models.Text;
using Gemma4.Engine.Models.Towers;
using Gemma4.Engine.Models.Vision;

namespace Gemma4.Engine.Models;

/// <summary>A Gemma 4 with its weights: text model and towers. Used on the engine thread only.</summary>
internal sealed class Gemma4Model : IDisposable
{
    private readonly WeightStore _store;
    private readonly TensorSource? _towerWeights;
    private readonly TextModel _text;
    private readonly VisionTower? _vision;
    private readonly AudioTower? _audio;
    private int[] _textIds = [];

    /// <summary>Builds the model and takes its weights.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="backend">Computes; owned by the model from here on.</param>
    /// <param name="store">Where weights come from; owned by the model from here on.</param>
    public Gemma4Model(Gemma4Config config, Backend backend, WeightStore store)
    {
        Config = config;
        Backend = backend;
        _store = store;
        _text = new TextModel(config.Text, backend, store);
        if (config.Vision is not null || config.Audio is not null)      // text alone needs no libtorch
        {
            _towerWeights = backend.CreateTowerWeights(store);
            _vision = config.Vision is { } vision ? new VisionTower(vision, config.Text.HiddenSize, _towerWeights) : null;
            _audio = config.Audio is { } audio ? new AudioTower(audio, config.Text.HiddenSize, _towerWeights) : null;
        }
        KvLayers = [.. config.Text.Layers.Select(Spec)];
    }

    /// <summary>The configuration.</summary>
    public Gemma4Config Config { get; }

    /// <summary>What computes it.</summary>
    public Backend Backend { get; }

    /// <summary>What each layer keeps of every position; null where it shares another's.</summary>
    public IReadOnlyList<KvLayerSpec?> KvLayers { get; }

    /// <summary>Takes the memory of the KV cache; the caller owns it.</summary>
    /// <param name="numBlocks">Blocks of each group's pool, in the order of <see cref="TextConfig.KvGroups"/>.</param>
    /// <param name="blockSize">Positions in a block.</param>
    public KvPools CreateKvPools(IReadOnlyList<int> numBlocks, int blockSize) => Backend.CreateKvPools(KvLayers, numBlocks, blockSize);

    /// <summary>Computes a step: writes its keys and values, and returns its hidden states.</summary>
    /// <param name="tokenIds">The step's T tokens, sequences end to end; media placeholders as they stand in the prompt.</param>
    /// <param name="step">Positions, block tables, slots and media spans.</param>
    /// <param name="pools">The KV cache.</param>
    /// <param name="softTokens">Encoder output for the step's placeholders; null where there is none.</param>
    /// <param name="observer">Sees intermediate results; null in service.</param>
    /// <returns>Hidden states after the final norm, <c>[T, D]</c>; valid until the next step.</returns>
    public Activations Forward(
        ReadOnlySpan<int> tokenIds, StepInputs step, KvPools pools, SoftTokens? softTokens = null, IForwardObserver? observer = null)
    {
        if (_textIds.Length < tokenIds.Length)
            _textIds = new int[Math.Max(tokenIds.Length, 2 * _textIds.Length)];
        for (int i = 0; i < tokenIds.Length; i++)
            _textIds[i] = Config.IsMediaPlaceholder(tokenIds[i]) ? Config.Text.PadTokenId : tokenIds[i];
        Backend.Begin(step, pools);
        return _text.Forward(_textIds.AsSpan(0, tokenIds.Length), softTokens, observer);
    }

    /// <summary>Logits of chosen rows.</summary>
    /// <param name="hidden">Hidden states <c>[T, D]</c> of the step.</param>
    /// <param name="rows">Which.</param>
    /// <param name="numBest">By row, of how many best tokens the logits suffice, where 0 asks for all; empty asks for all of every row.</param>
    /// <returns>Softcapped logits; valid until the next call.</returns>
    public Logits Logits(Activations hidden, ReadOnlySpan<int> rows, ReadOnlySpan<int> numBest = default) => _text.Logits(hidden, rows, numBest);

    /// <summary>Begins to encode images, all in one pass.</summary>
    /// <param name="images">At least one.</param>
    /// <returns>The caller owns it.</returns>
    /// <exception cref="InvalidOperationException">The model cannot see.</exception>
    public IEncoderPass BeginImages(IReadOnlyList<ImagePatches> images) =>
        (_vision ?? throw new InvalidOperationException("The model has no vision tower.")).Begin(images);

    /// <summary>Begins to encode audio.</summary>
    /// <param name="logMel">Valid log-mel frames, <c>[frames, 128]</c> row-major.</param>
    /// <returns>The caller owns it.</returns>
    /// <exception cref="InvalidOperationException">The model cannot hear.</exception>
    public IEncoderPass BeginAudio(ReadOnlyMemory<float> logMel) =>
        (_audio ?? throw new InvalidOperationException("The model has no audio tower.")).Begin(logMel);

    /// <summary>Encodes images from beginning to end.</summary>
    /// <param name="images">At least one.</param>
    /// <returns>Soft tokens of all images end to end, <c>[M, D]</c> row-major.</returns>
    /// <exception cref="InvalidOperationException">The model cannot see.</exception>
    public float[] EncodeImages(IReadOnlyList<ImagePatches> images)
    {
        using IEncoderPass pass = BeginImages(images);
        return pass.Finish();
    }

    /// <summary>Encodes audio from beginning to end.</summary>
    /// <param name="logMel">Valid log-mel frames, <c>[frames, 128]</c> row-major.</param>
    /// <returns>Soft tokens <c>[M, D]</c> row-major.</returns>
    /// <exception cref="InvalidOperationException">The model cannot hear.</exception>
    public float[] EncodeAudio(ReadOnlyMemory<float> logMel)
    {
        using IEncoderPass pass = BeginAudio(logMel);
        return pass.Finish();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _towerWeights?.Dispose();
        Backend.Dispose();
        _store.Dispose();
    }

    private KvLayerSpec? Spec(LayerConfig layer)
    {
        if (!layer.OwnsKv)
            return null;
        int group = 0;
        while (!Config.Text.KvGroups[group].OwnerLayers.Contains(layer.Index))
            group++;
        return new KvLayerSpec(group, layer.NumKvHeads, layer.HeadDim, layer.KeysAreValues);
    }
}
