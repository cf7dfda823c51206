using Gemma4.Engine.Backends.Torch;
using Gemma4.Engine.Kernels;

namespace Gemma4.Engine.Backends.Cpu;

/// <summary>Text steps in host memory: our own kernels on our own threads, float32 arithmetic over weights as they are stored, no libtorch.</summary>
internal sealed unsafe class CpuBackend : Backend
{
    /// <summary>Share of host memory that the KV cache may take.</summary>
    private const double KvShare = 0.25;

    private readonly CpuOptions _options;
    private readonly Dictionary<string, RowBuffer> _rows = new(StringComparer.Ordinal);          // of a step's T rows
    private readonly Dictionary<string, RowBuffer> _buffers = new(StringComparer.Ordinal);       // of other sizes
    private readonly Dictionary<RotaryFrequencies, CpuRotary> _rotaries = [];
    private readonly Dictionary<RotaryFrequencies, RotaryTable> _tables = [];
    private readonly HashSet<RowBuffer> _chosenBuffers = [], _expertBuffers = [];
    private readonly List<VisibleRows?> _visible = [];
    private readonly List<IDisposable> _owned = [];
    private readonly MatrixFactory _matrices;
    private readonly ScaleRows _scale;
    private readonly AddRows _add;
    private readonly GrowingMemory _partials = new();
    private StepInputs _step = new(0);
    private int _rowsReserved;
    private int _activeExperts;

    /// <param name="options">Threads and formats.</param>
    public CpuBackend(CpuOptions options)
    {
        _options = options;
        Team = new ThreadTeam(options.NumThreads);
        Scratch = new WorkerScratch(options.NumThreads);
        Groups = Own(new GroupedActivations(Team));
        _matrices = new MatrixFactory(options, Team);
        _scale = new ScaleRows(Team);
        _add = new AddRows(Team);
    }

    public override string Description
    {
        get
        {
            string threads = $"cpu, {Team.NumThreads} {(Team.NumThreads == 1 ? "thread" : "threads")}, keys and values in {KvFormat}";
            return _matrices.Kernels is { } kernels ? $"{threads}, quantised products by {kernels} kernels" : threads;
        }
    }

    public override bool RoundsToBFloat16 => _options.RoundsToBFloat16;

    public override KvFormat KvFormat => _options.KvFormat;

    public override int NumWorkers => Team.NumThreads;

    /// <summary>What weights that are stored as floats are rounded to.</summary>
    public Quantization Quantization => _options.Quantization;

    /// <summary>The weights without data that products were asked of, by name, and whether each is the output projection's.</summary>
    public IReadOnlyDictionary<string, bool> AskedWeights => _matrices.Asked;

    /// <summary>The threads.</summary>
    public ThreadTeam Team { get; }

    /// <summary>Memory for each thread.</summary>
    public WorkerScratch Scratch { get; }

    /// <summary>Quantises the rows that products read.</summary>
    public GroupedActivations Groups { get; }

    /// <summary>Rows of the step, T.</summary>
    public int NumRows { get; private set; }

    public override StepInputs Step => _step;

    /// <summary>The pools that the step writes and reads.</summary>
    public CpuKvPools Pools { get; private set; } = null!;

    /// <summary>What a step holds, as far as the models that were built say.</summary>
    public StepWork Work => new(
        _rows.Values.Sum(buffer => (long)buffer.Width),
        _expertBuffers.Sum(buffer => (long)buffer.Width),
        _chosenBuffers.Sum(buffer => (long)buffer.Width),
        _rows.Values.Select(buffer => buffer.Width).DefaultIfEmpty().Max(),
        _activeExperts);

    /// <remarks>Counts the container's limit, where there is one.</remarks>
    public override long MemoryBytes() => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    public override long FreeKvBytes() => (long)(KvShare * MemoryBytes());

    public override long BytesMade(WeightFormat format, ReadOnlySpan<long> shape, bool inPanels, bool isMultiplied, bool isHead) =>
        isMultiplied ? _matrices.BytesMade(format, shape, inPanels, isHead) : sizeof(float) * StoredWeight.Count(shape);

    public override void Begin(StepInputs step, KvPools pools)
    {
        _step = step;
        Pools = (CpuKvPools)pools;
        NumRows = step.NumTokens;
        if (NumRows > _rowsReserved)
        {
            _rowsReserved = NumRows;
            foreach (RowBuffer buffer in _rows.Values)
                buffer.Reserve(NumRows);
        }
        int longest = 0;
        foreach (VisibleRows? visible in _visible)
        {
            visible?.Fill(step);
            longest = Math.Max(longest, visible?.LongestContext ?? 0);
        }
        foreach (CpuRotary rotary in _rotaries.Values)
            rotary.Begin(step.Positions);
        foreach (RotaryTable table in _tables.Values)
            table.EnsureLength(longest);
    }

    public override Activations CreateActivations(string name, int width) =>
        new CpuActivations(this, Buffer(_rows, name, width), 0, width, width);

    public override Norm CreateNorm(StoredWeight? scale, int width, double eps, float factor = 1)
    {
        float* numbers = scale is null && factor == 1 ? null : Numbers(scale?.ToSingles() ?? [.. Enumerable.Repeat(1f, width)], factor);
        return new CpuNorm(Team, numbers, width, (float)eps);
    }

    public override Projection CreateProjection(params ReadOnlySpan<StoredWeight> weights)
    {
        var matrices = new CpuMatrix[weights.Length];
        for (int i = 0; i < weights.Length; i++)
            matrices[i] = Matrix(weights[i]);
        return new CpuProjection(this, matrices);
    }

    public override GatedProjection CreateGatedProjection(StoredWeight gate, StoredWeight? up) =>
        new CpuGatedProjection(this, Matrix(gate), up is null ? null : Matrix(up));

    public override EmbeddingTable CreateEmbedding(StoredRows table, float scale) => new CpuEmbeddingTable(Team, Scratch, table, scale);

    public override Rotary CreateRotary(RotaryFrequencies frequencies)
    {
        if (!_rotaries.TryGetValue(frequencies, out CpuRotary? rotary))
            _rotaries.Add(frequencies, rotary = Own(new CpuRotary(Team, frequencies)));
        return new CpuSharedRotary(rotary);
    }

    public override PagedAttention CreateAttention(AttentionSpec spec)
    {
        while (_visible.Count <= spec.Group.Index)
            _visible.Add(null);
        _visible[spec.Group.Index] ??= new VisibleRows(spec.Group);
        KeyMaker? keyMaker = spec.KeyScale is { } scale ? new KeyMaker(Numbers(scale.ToSingles(), 1), Table(spec.Rotary), spec.HeadDim) : null;
        return new CpuPagedAttention(this, spec, keyMaker);
    }

    public override ExpertRouter CreateRouter(int numActive, StoredWeight expertScale)
    {
        _activeExperts = Math.Max(_activeExperts, numActive);
        return new CpuExpertRouter(numActive, expertScale.ToSingles());
    }

    public override Experts CreateExperts(IReadOnlyList<ExpertWeights> experts) =>
        new CpuExperts(this, [.. experts.Select(e => new ExpertMatrices(Matrix(e.Gate), Matrix(e.Up), Matrix(e.Down)))]);

    public override OutputHead CreateHead(StoredWeight weight, float? softcap) => new CpuOutputHead(this, _matrices.Create(weight, isHead: true), softcap);

    public override KvPools CreateKvPools(IReadOnlyList<KvLayerSpec?> layers, IReadOnlyList<int> numBlocks, int blockSize) =>
        new CpuKvPools(layers, numBlocks, blockSize, KvFormat);

    public override TensorSource CreateTowerWeights(WeightStore weights) => TensorSource.OnHost(weights, this);

    public override void Scale(Activations x, float factor)
    {
        _scale.Factor = factor;
        _scale.Run((CpuActivations)x, (CpuActivations)x);
    }

    public override void Add(Activations x, Activations y) => _add.Run((CpuActivations)x, (CpuActivations)y);

    public override void Place(Activations x, ReadOnlySpan<int> rows, ReadOnlySpan<float> values)
    {
        for (int i = 0; i < rows.Length; i++)
            values.Slice(i * x.Width, x.Width).CopyTo(new Span<float>(((CpuActivations)x).Row(rows[i]), x.Width));
    }

    public override void WaitForDevice()
    {
    }

    public override void ShareOut(int numParts, IParts work) => Team.Run(numParts, work);

    /// <summary>What the rows of a KV group see in this step.</summary>
    public VisibleRows Visible(KvGroupView group) => _visible[group.Index]!;

    /// <summary>Memory for rows of what is chosen from a step to be sampled from, shared by all operations that name it alike.</summary>
    public RowBuffer CreateChosenBuffer(string name, int width) => Buffer(_buffers, _chosenBuffers, name, width);

    /// <summary>Memory for rows of tokens at their experts, shared likewise.</summary>
    public RowBuffer CreateExpertBuffer(string name, int width) => Buffer(_buffers, _expertBuffers, name, width);

    /// <summary>Disposes of something with the backend.</summary>
    public T Own<T>(T owned) where T : IDisposable
    {
        _owned.Add(owned);
        return owned;
    }

    /// <summary>Room for what the chunks of one call of attention give; not cleared.</summary>
    public float* Partials(long numbers) => (float*)_partials.Reserve(numbers * sizeof(float));

    /// <summary>A stored weight <c>[out, in]</c> as this machine multiplies with it.</summary>
    public CpuMatrix Matrix(StoredWeight weight) => _matrices.Create(weight);

    public override void Dispose()
    {
        Team.Dispose();
        Scratch.Dispose();
        _partials.Dispose();
        _matrices.Dispose();
        foreach (IDisposable owned in _owned)
            owned.Dispose();
    }

    private RowBuffer Buffer(Dictionary<string, RowBuffer> buffers, HashSet<RowBuffer> kind, string name, int width)
    {
        RowBuffer buffer = Buffer(buffers, name, width);
        kind.Add(buffer);
        return buffer;
    }

    private RowBuffer Buffer(Dictionary<string, RowBuffer> buffers, string name, int width)
    {
        if (!buffers.TryGetValue(name, out RowBuffer? buffer))
            buffers.Add(name, buffer = Own(new RowBuffer()));
        buffer.Width = Math.Max(buffer.Width, width);
        return buffer;
    }

    private RotaryTable Table(RotaryFrequencies frequencies)
    {
        if (!_tables.TryGetValue(frequencies, out RotaryTable? table))
            _tables.Add(frequencies, table = Own(new RotaryTable(frequencies)));
        return table;
    }

    /// <summary>Numbers in memory that does not move.</summary>
    private float* Numbers(float[] values, float factor)
    {
        var memory = Own(new HostMemory((long)values.Length * sizeof(float)));
        float* numbers = (float*)memory.Data;
        for (int i = 0; i < values.Length; i++)
            numbers[i] = values[i] * factor;
        return numbers;
    }

    private sealed class ScaleRows(ThreadTeam team) : RowMapping(team)
    {
        public float Factor { get; set; }

        protected override void RunRow(float* x, float* y, int width) => RowArithmetic.Scale(x, Factor, width);
    }

    private sealed class AddRows(ThreadTeam team) : RowMapping(team)
    {
        protected override void RunRow(float* x, float* y, int width) => RowArithmetic.Add(x, y, width);
    }
}
