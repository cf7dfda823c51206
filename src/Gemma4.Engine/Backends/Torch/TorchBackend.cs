using System.Runtime.InteropServices;
using Gemma4.Engine.Backends.Cpu;
using Gemma4.Engine.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Backends.Torch;

/// <summary>Text steps on libtorch's operators, for any device in float32 or bfloat16.</summary>
/// <remarks>
/// An operation's intermediate results die with its dispose scope; its result is taken over by the activations that receive it. So a step holds
/// what the model holds and no more, however many rows it has. What a step prepares for all layers dies when the next one begins.
/// Operations are handed to the device without waiting; only <see cref="DeviceLink"/> waits.
/// </remarks>
internal sealed partial class TorchBackend : Backend
{
    /// <summary>Share of a CUDA device that is left for activations and libraries.</summary>
    private const double DeviceReserve = 0.1;

    /// <summary>Share of host memory that the KV cache may take.</summary>
    private const double HostShare = 0.25;

    private readonly ProductFactory _products;
    private readonly Dictionary<string, TensorSlot> _slots = new(StringComparer.Ordinal);
    private readonly Dictionary<RotaryFrequencies, HeadTurn> _turns = [];
    private readonly Dictionary<int, StepAttention> _groups = [];      // by KV group
    private readonly Dictionary<float, KeptScalar> _factors = [];
    private readonly List<IDisposable> _owned = [];
    private readonly ThreadTeam _team;
    private readonly Device _device;
    private StepInputs _step = new(0);

    /// <param name="options">Device and formats.</param>
    /// <exception cref="ArgumentException">Keys and values cannot be stored so; names the option and the mend.</exception>
    public TorchBackend(TorchOptions options)
    {
        if (options.KvFormat == Backends.KvFormat.Int8)
            throw new ArgumentException("--kv-dtype int8: --backend torch stores keys and values as float32 or bfloat16. Use one of them.", nameof(options));
        _device = options.CudaIndex is { } index ? new Device(DeviceType.CUDA, index) : CPU;
        InitializeDevice(_device);
        if (_device.type == DeviceType.CUDA)
            (backends.cuda.matmul.allow_tf32, backends.cudnn.allow_tf32) = (false, false);      // float32 means float32
        Dtype = options.RoundsToBFloat16 ? ScalarType.BFloat16 : ScalarType.Float32;
        KvFormat = options.KvFormat ?? (options.RoundsToBFloat16 ? KvFormat.BFloat16 : KvFormat.Float32);
        Link = new DeviceLink(_device);
        _products = new ProductFactory(_device, Dtype);
        _team = new ThreadTeam(options.NumThreads);
    }

    public override string Description => $"{(_device.type == DeviceType.CUDA ? $"cuda:{_device.index}" : "cpu")} by libtorch, {(RoundsToBFloat16 ? "bfloat16" : "float32")}";

    public override bool RoundsToBFloat16 => Dtype == ScalarType.BFloat16;

    public override bool SelectsBest => true;

    public override KvFormat KvFormat { get; }

    public override int NumWorkers => _team.NumThreads;

    /// <summary>Dtype of activations.</summary>
    public ScalarType Dtype { get; }

    /// <summary>The way between host and device.</summary>
    public DeviceLink Link { get; }

    public override StepInputs Step => _step;

    /// <summary>Rows of the step, T.</summary>
    public int NumRows { get; private set; }

    /// <summary>The pools that the step writes and reads.</summary>
    public TorchKvPools Pools { get; private set; } = null!;

    /// <remarks>On a CPU the container's limit counts, where there is one.</remarks>
    public override long MemoryBytes() => _device.type == DeviceType.CPU ? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes : DeviceMemory().Free;

    public override long FreeKvBytes()
    {
        if (_device.type == DeviceType.CPU)
            return (long)(HostShare * MemoryBytes());
        (long free, long total) = DeviceMemory();
        return (long)Math.Max(0, free - DeviceReserve * total);
    }

    /// <remarks>Whatever is not stored in the dtype of activations, or not on this device, is copied.</remarks>
    public override long BytesMade(WeightFormat format, ReadOnlySpan<long> shape, bool inPanels, bool isMultiplied, bool isHead)
    {
        bool isAsStored = format == (RoundsToBFloat16 ? WeightFormat.BFloat16 : WeightFormat.Float32) && _device.type == DeviceType.CPU;
        return isAsStored ? 0 : Dtype.ElementSize() * StoredWeight.Count(shape);
    }

    public override void Begin(StepInputs step, KvPools pools)
    {
        Link.Begin();
        _step = step;
        NumRows = step.NumTokens;
        Pools = (TorchKvPools)pools;
        using Tensor positions = Link.Send(step.Positions);                                    // [T]
        foreach (HeadTurn turn in _turns.Values)
            turn.Begin(positions);
        foreach (StepAttention group in _groups.Values)
            group.Begin(step, pools.BlockSize, Link, Dtype);
    }

    public override Activations CreateActivations(string name, int width) => Activations(name, width, Dtype);

    public override Activations CreateWideActivations(string name, int width) => Activations(name, width, ScalarType.Float32);

    public override Norm CreateNorm(StoredWeight? scale, int width, double eps, float factor = 1) =>
        new TorchNorm(scale is null && factor == 1 ? null : Scale(scale, width, factor), width, eps);

    public override Projection CreateProjection(params ReadOnlySpan<StoredWeight> weights) => new TorchProjection(_products.Product(weights));

    public override GatedProjection CreateGatedProjection(StoredWeight gate, StoredWeight? up) =>
        new TorchGatedProjection(up is null ? _products.Product(gate) : _products.Product(gate, up), gate.Rows);

    public override EmbeddingTable CreateEmbedding(StoredRows table, float scale) => new TorchEmbeddingTable(this, table, scale);

    public override Rotary CreateRotary(RotaryFrequencies frequencies) => new TorchRotary(Turn(frequencies));

    public override PagedAttention CreateAttention(AttentionSpec spec)
    {
        if (!_groups.TryGetValue(spec.Group.Index, out StepAttention? group))
            _groups.Add(spec.Group.Index, group = Own(new StepAttention(spec.Group)));
        group.NumbersPerPosition = Math.Max(group.NumbersPerPosition, spec.NumKvHeads * spec.HeadDim);
        return new TorchPagedAttention(this, spec, group, Turn(spec.Rotary), spec.KeyScale is { } scale ? _products.Tensor(scale) : null);
    }

    public override ExpertRouter CreateRouter(int numActive, StoredWeight expertScale) =>
        Own(new TorchExpertRouter(Link, numActive, _products.Tensor(expertScale.ToSingles(), ScalarType.Float32)));

    public override Experts CreateExperts(IReadOnlyList<ExpertWeights> experts)
    {
        (Tensor gateUp, Tensor down) = _products.Experts(experts);
        return Own(new TorchExperts(gateUp, down));
    }

    public override OutputHead CreateHead(StoredWeight weight, float? softcap) => new TorchOutputHead(Link, _products.Product(weight), softcap);

    public override KvPools CreateKvPools(IReadOnlyList<KvLayerSpec?> layers, IReadOnlyList<int> numBlocks, int blockSize) =>
        new TorchKvPools(layers, numBlocks, blockSize, KvFormat == KvFormat.BFloat16 ? ScalarType.BFloat16 : ScalarType.Float32, _device);

    public override TensorSource CreateTowerWeights(WeightStore weights) => new(weights, _device, Dtype, cpu: null);

    public override void Scale(Activations x, float factor)
    {
        using DisposeScope scope = NewDisposeScope();
        if (!_factors.TryGetValue(factor, out KeptScalar? kept))
            _factors.Add(factor, kept = new KeptScalar(factor));
        ((TorchActivations)x).Value.mul_(kept.Value);
    }

    public override void Add(Activations x, Activations y)
    {
        using DisposeScope scope = NewDisposeScope();
        ((TorchActivations)y).Value.add_(((TorchActivations)x).Value, Arithmetic.One);
    }

    public override unsafe void Place(Activations x, ReadOnlySpan<int> rows, ReadOnlySpan<float> values)
    {
        using DisposeScope scope = NewDisposeScope();
        byte* reserved = Link.Reserve((long)values.Length * sizeof(float));
        values.CopyTo(new Span<float>(reserved, values.Length));
        using Tensor sent = Link.Send(reserved, ScalarType.Float32, [rows.Length, x.Width]), places = Link.Send(rows);         // [rows, W], [rows]
        ((TorchActivations)x).Value.index_copy_(0, places, sent.to(Dtype));
    }

    public override void WaitForDevice() => Link.Wait();

    public override void ShareOut(int numParts, IParts work) => _team.Run(numParts, work);

    public override void Dispose()
    {
        Link.Dispose();
        _team.Dispose();
        foreach (HeadTurn turn in _turns.Values)
            turn.Dispose();
        foreach (IDisposable owned in _owned)
            owned.Dispose();
        _products.Dispose();
    }

    private TorchActivations Activations(string name, int width, ScalarType dtype)
    {
        if (!_slots.TryGetValue(name, out TensorSlot? slot))
            _slots.Add(name, slot = Own(new TensorSlot(name)));
        return new TorchActivations(this, slot, 0, width, dtype, isView: false);
    }

    private HeadTurn Turn(RotaryFrequencies frequencies)
    {
        if (!_turns.TryGetValue(frequencies, out HeadTurn? turn))
            _turns.Add(frequencies, turn = new HeadTurn(frequencies, _device, Dtype));
        return turn;
    }

    private NormScale Scale(StoredWeight? scale, int width, float factor)
    {
        float[] numbers = scale?.ToSingles() ?? [.. Enumerable.Repeat(1f, width)];
        for (int i = 0; i < width; i++)
            numbers[i] *= factor;
        return new NormScale(_products.Tensor(numbers, ScalarType.Float32), _products.Tensor(numbers, Dtype));
    }

    private T Own<T>(T owned) where T : IDisposable
    {
        _owned.Add(owned);
        return owned;
    }

    /// <summary>Bytes of the CUDA device.</summary>
    private static (long Free, long Total) DeviceMemory()
    {
        int status = MemGetInfo(out nuint free, out nuint total);
        return status == 0
            ? ((long)free, (long)total)
            : throw new InvalidOperationException($"cuMemGetInfo failed with {status}. Set the KV cache's size with --kv-cache-bytes, and all memory's with --memory-budget.");
    }

    /// <summary>The driver's own call, which is there whatever CUDA libtorch was built with; it wants that libtorch has used the device on this thread.</summary>
    [LibraryImport("libcuda.so.1", EntryPoint = "cuMemGetInfo_v2")]
    private static partial int MemGetInfo(out nuint free, out nuint total);
}
