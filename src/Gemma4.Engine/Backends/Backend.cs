using Gemma4.Engine.Backends.Torch;
using Gemma4.Engine.Kernels;

namespace Gemma4.Engine.Backends;

/// <summary>Makes what a text model is written of, and computes it one machine's way.</summary>
/// <remarks>
/// A model asks for its operations and activations once, while it is built, and calls them in every step between <see cref="Begin"/> and the
/// next one. It knows no device, no dtype of storage and no thread. Everything a backend makes belongs to it and lives until it is disposed.
/// Used on the engine's thread only.
/// </remarks>
internal abstract class Backend : IDisposable
{
    /// <summary>Where it computes, as people write it: <c>cpu, 8 threads</c>, <c>cuda:0, bfloat16</c>.</summary>
    public abstract string Description { get; }

    /// <summary>True where the model's numbers are rounded to bfloat16, which the scale of embeddings follows.</summary>
    public abstract bool RoundsToBFloat16 { get; }

    /// <summary>True where the best tokens of a row are selected where logits are computed, so that the others need not come to host memory.</summary>
    public virtual bool SelectsBest => false;

    /// <summary>What its KV pools store.</summary>
    public abstract KvFormat KvFormat { get; }

    /// <summary>Bytes that there are for everything before something is loaded: a device's free memory; a machine's, or a container's limit.</summary>
    public abstract long MemoryBytes();

    /// <summary>Bytes that KV pools may take where the user sets none.</summary>
    public abstract long FreeKvBytes();

    /// <summary>Bytes that it will make of a stored weight while loading; 0 where it computes with the stored ones.</summary>
    /// <param name="format">How it is stored.</param>
    /// <param name="shape">Its dimensions.</param>
    /// <param name="inPanels">Whether it lies in panels.</param>
    /// <param name="isMultiplied">Whether it is the weight of a product.</param>
    /// <param name="isHead">Whether that is the output projection.</param>
    public abstract long BytesMade(WeightFormat format, ReadOnlySpan<long> shape, bool inPanels, bool isMultiplied, bool isHead);

    /// <summary>The step that <see cref="Begin"/> began: what its operations read beside their activations.</summary>
    public abstract StepInputs Step { get; }

    /// <summary>Rows of a step.</summary>
    /// <param name="name">What they hold. Activations of one name share their memory, whatever their widths: one of them is in use at a time.</param>
    /// <param name="width">Numbers of a row.</param>
    public abstract Activations CreateActivations(string name, int width);

    /// <summary>Rows that are not rounded, whatever the model's numbers are: for scores that decide, where a rounding would decide otherwise.</summary>
    public virtual Activations CreateWideActivations(string name, int width) => CreateActivations(name, width);

    /// <summary>Root-mean-square normalisation of every W numbers of a row.</summary>
    /// <param name="scale">W factors; null for none.</param>
    /// <param name="width">W.</param>
    /// <param name="eps">Added to the mean square inside the root.</param>
    /// <param name="factor">What every result is multiplied with besides.</param>
    public abstract Norm CreateNorm(StoredWeight? scale, int width, double eps, float factor = 1);

    /// <summary>Products of one input with several weights, each <c>[out, in]</c>.</summary>
    public abstract Projection CreateProjection(params ReadOnlySpan<StoredWeight> weights);

    /// <summary><c>gelu(x · gateᵀ) ∘ (x · upᵀ)</c>.</summary>
    /// <param name="gate"><c>[F, in]</c>.</param>
    /// <param name="up"><c>[F, in]</c>; null where the second factor is given in every call.</param>
    public abstract GatedProjection CreateGatedProjection(StoredWeight gate, StoredWeight? up);

    /// <summary>Rows of a table, scaled.</summary>
    public abstract EmbeddingTable CreateEmbedding(StoredRows table, float scale);

    /// <summary>Rotary position embedding.</summary>
    public abstract Rotary CreateRotary(RotaryFrequencies frequencies);

    /// <summary>Attention of one layer over the keys and values of an owning layer.</summary>
    public abstract PagedAttention CreateAttention(AttentionSpec spec);

    /// <summary>Chooses A of E experts by their scores.</summary>
    /// <param name="numActive">A.</param>
    /// <param name="expertScale">What each expert's share is multiplied with, <c>[E]</c>.</param>
    public abstract ExpertRouter CreateRouter(int numActive, StoredWeight expertScale);

    /// <summary>Routed experts.</summary>
    public abstract Experts CreateExperts(IReadOnlyList<ExpertWeights> experts);

    /// <summary>The output projection.</summary>
    /// <param name="weight"><c>[V, D]</c>.</param>
    /// <param name="softcap">Logits are squeezed into ± this; null leaves them.</param>
    public abstract OutputHead CreateHead(StoredWeight weight, float? softcap);

    /// <summary>Takes the memory of the KV cache; the caller owns it.</summary>
    /// <param name="layers">By layer; null where a layer shares another's.</param>
    /// <param name="numBlocks">Blocks of each group's pool.</param>
    /// <param name="blockSize">Positions in a block.</param>
    public abstract KvPools CreateKvPools(IReadOnlyList<KvLayerSpec?> layers, IReadOnlyList<int> numBlocks, int blockSize);

    /// <summary>The weights of towers, which compute with libtorch wherever text does: on the same device, in the same dtype.</summary>
    public abstract TensorSource CreateTowerWeights(WeightStore weights);

    /// <summary>Begins a step: activations have its rows from here on.</summary>
    /// <param name="step">Borrowed until the next step.</param>
    /// <param name="pools">Written and read by the step's attention; made by this backend.</param>
    public abstract void Begin(StepInputs step, KvPools pools);

    /// <summary><c>x ← factor · x</c>.</summary>
    public abstract void Scale(Activations x, float factor);

    /// <summary><c>y ← y + x</c>.</summary>
    public abstract void Add(Activations x, Activations y);

    /// <summary>Overwrites some rows.</summary>
    /// <param name="x">The rows.</param>
    /// <param name="rows">Which.</param>
    /// <param name="values"><c>[rows, W]</c>, row-major.</param>
    public abstract void Place(Activations x, ReadOnlySpan<int> rows, ReadOnlySpan<float> values);

    /// <summary>Waits until all that was handed to the device is done.</summary>
    public abstract void WaitForDevice();

    /// <summary>Does work on the host in parts, on the threads that compute where there are any.</summary>
    /// <param name="numParts">Parts.</param>
    /// <param name="work">What a part is.</param>
    public abstract void ShareOut(int numParts, IParts work);

    /// <summary>Threads that <see cref="ShareOut"/> uses; workers are numbered below it.</summary>
    public abstract int NumWorkers { get; }

    /// <inheritdoc/>
    public abstract void Dispose();
}
