using Gemma4.Engine.Kernels;

namespace Gemma4.Engine.Backends.Cpu;

/// <summary>Attention of one layer over blocks in host memory.</summary>
/// <remarks>
/// Rows of one sequence that follow each other are taken together, so that a key is read once for all of them. Where a step has few rows, as when
/// one sequence writes its answer, their positions are shared out in chunks instead, and what the chunks give is joined in order. A row's
/// result is the same either way, to the last bit: chunks begin at fixed positions and each is computed from the row's own positions.
/// </remarks>
internal sealed unsafe class CpuPagedAttention : PagedAttention
{
    /// <summary>Tiles of rows below which chunks are shared out, for each thread.</summary>
    private const int TilesPerThread = 4;

    /// <summary>Numbers that chunks may hold between them, 64 MB; past that a thread takes whole tiles.</summary>
    private const long MaxPartialNumbers = 16L << 20;

    private readonly CpuBackend _backend;
    private readonly AttentionSpec _spec;
    private readonly WriteRows _write;
    private readonly AttentionTiles _tiles;
    private readonly WholeTiles _whole;
    private readonly Chunks _chunks;
    private readonly JoinedTiles _joined;

    /// <param name="backend">Threads, scratch memory and the step.</param>
    /// <param name="spec">What the layer reads.</param>
    /// <param name="keyMaker">Makes keys of values; null where keys are stored.</param>
    public CpuPagedAttention(CpuBackend backend, AttentionSpec spec, KeyMaker? keyMaker)
    {
        (_backend, _spec) = (backend, spec);
        _write = new WriteRows(this);
        _tiles = new AttentionTiles(spec.NumQueryHeads / spec.NumKvHeads);
        var chunk = new AttentionChunk(spec, keyMaker);
        _whole = new WholeTiles(this, chunk);
        _chunks = new Chunks(this, chunk);
        _joined = new JoinedTiles(this);
    }

    private int QueriesPerTile => _tiles.RowsPerTile * (_spec.NumQueryHeads / _spec.NumKvHeads);

    public override void Write(Activations? keys, Activations values) =>
        _write.Run((CpuActivations?)keys, (CpuActivations)values);

    public override void Attend(Activations queries, Activations y)
    {
        var view = new AttentionView(
            (CpuActivations)queries, (CpuActivations)y, _backend.Pools.Layer(_spec.KvLayer), _backend.Step.KvGroups[_spec.Group.Index],
            _backend.Visible(_spec.Group), _backend.Pools.BlockSize);
        _tiles.Fill(_backend.Step, view.Visible);
        int tiles = _tiles.Count * _spec.NumKvHeads;
        if (SharesChunks(tiles))
        {
            _chunks.Run(view, _tiles.NumChunks * _spec.NumKvHeads);
            _joined.Run(view, tiles, _chunks.Partials);
        }
        else
        {
            _whole.Run(view, tiles);
        }
    }

    private bool SharesChunks(int tiles) =>
        _backend.Team.NumThreads > 1 && tiles < TilesPerThread * _backend.Team.NumThreads && _tiles.NumChunks > _tiles.Count
        && (long)_tiles.NumChunks * _spec.NumKvHeads * PartialAttention.Numbers(QueriesPerTile, _spec.HeadDim) <= MaxPartialNumbers;

    /// <summary>Stores the step's keys and values.</summary>
    private sealed class WriteRows(CpuPagedAttention attention) : RowOperation(attention._backend.Team)
    {
        private CpuActivations? _keys;
        private CpuActivations _values = null!;
        private CpuKvLayer _layer = null!;

        public void Run(CpuActivations? keys, CpuActivations values)
        {
            (_keys, _values) = (keys, values);
            _layer = attention._backend.Pools.Layer(attention._spec.KvLayer);
            RunAll(values.NumRows, values.Width);
        }

        protected override void RunRows(int first, int end)
        {
            ReadOnlySpan<int> slots = attention._backend.Step.KvGroups[attention._spec.Group.Index].Slots;
            for (int row = first; row < end; row++)
            {
                _layer.Values.Write(slots[row], _values.Row(row));
                _layer.Keys?.Write(slots[row], _keys!.Row(row));
            }
        }
    }

    /// <summary>A part is a tile of rows and one KV head, from the first position to the last.</summary>
    private sealed class WholeTiles(CpuPagedAttention attention, AttentionChunk chunk) : IParts
    {
        private AttentionView _view;

        public void Run(AttentionView view, int parts)
        {
            _view = view;
            attention._backend.Team.Run(parts, this);
        }

        void IParts.Run(int part, int worker)
        {
            AttentionTile tile = attention._tiles[part / attention._spec.NumKvHeads];
            int head = part % attention._spec.NumKvHeads;
            int size = PartialAttention.Numbers(attention.QueriesPerTile, attention._spec.HeadDim);
            float* memory = attention._backend.Scratch.Of(worker, 2 * size + chunk.ScratchNumbers(attention.QueriesPerTile));
            var joined = new PartialAttention(memory, attention.QueriesPerTile, attention._spec.HeadDim);
            var own = new PartialAttention(memory + size, attention.QueriesPerTile, attention._spec.HeadDim);
            int numQueries = chunk.Gather(_view, tile, head, memory + 2 * size);
            joined.Clear(numQueries);
            for (int c = tile.FirstChunk; c < tile.EndChunk; c++)
            {
                chunk.Run(_view, tile, head, c, memory + 2 * size, own);
                joined.Join(own, numQueries);
            }
            joined.Store(_view, tile, head, attention._spec);
        }
    }

    /// <summary>A part is a tile of rows, one KV head and one chunk of positions.</summary>
    private sealed class Chunks(CpuPagedAttention attention, AttentionChunk chunk) : IParts
    {
        private AttentionView _view;

        /// <summary>What the chunks gave, in order of tile, head and chunk.</summary>
        public float* Partials { get; private set; }

        public void Run(AttentionView view, int parts)
        {
            _view = view;
            Partials = attention._backend.Partials((long)parts * PartialAttention.Numbers(attention.QueriesPerTile, attention._spec.HeadDim));
            attention._backend.Team.Run(parts, this);
        }

        void IParts.Run(int part, int worker)
        {
            (AttentionTile tile, int head, int chunkIndex) = attention._tiles.Chunk(part, attention._spec.NumKvHeads);
            float* memory = attention._backend.Scratch.Of(worker, chunk.ScratchNumbers(attention.QueriesPerTile));
            chunk.Gather(_view, tile, head, memory);
            float* own = Partials + (long)part * PartialAttention.Numbers(attention.QueriesPerTile, attention._spec.HeadDim);
            chunk.Run(_view, tile, head, chunkIndex, memory, new PartialAttention(own, attention.QueriesPerTile, attention._spec.HeadDim));
        }
    }

    /// <summary>A part is a tile of rows and one KV head: joins its chunks in order of position.</summary>
    private sealed class JoinedTiles(CpuPagedAttention attention) : IParts
    {
        private AttentionView _view;
        private float* _partials;

        public void Run(AttentionView view, int parts, float* partials)
        {
            _view = view;
            _partials = partials;
            attention._backend.Team.Run(parts, this);
        }

        void IParts.Run(int part, int worker)
        {
            int tileIndex = part / attention._spec.NumKvHeads, head = part % attention._spec.NumKvHeads;
            AttentionTile tile = attention._tiles[tileIndex];
            int numQueries = tile.NumRows * (attention._spec.NumQueryHeads / attention._spec.NumKvHeads);
            int size = PartialAttention.Numbers(attention.QueriesPerTile, attention._spec.HeadDim);
            var joined = new PartialAttention(attention._backend.Scratch.Of(worker, size), attention.QueriesPerTile, attention._spec.HeadDim);
            joined.Clear(numQueries);
            long first = attention._tiles.FirstChunkOf(tileIndex, head, attention._spec.NumKvHeads);
            for (int c = 0; c < tile.EndChunk - tile.FirstChunk; c++)
                joined.Join(new PartialAttention(_partials + (first + c) * size, attention.QueriesPerTile, attention._spec.HeadDim), numQueries);
            joined.Store(_view, tile, head, attention._spec);
        }
    }
}

/// <summary>What one call of attention reads and writes.</summary>
/// <param name="Queries"><c>[T, N · H]</c>.</param>
/// <param name="Result">Receives <c>[T, N · H]</c>.</param>
/// <param name="Layer">The pools.</param>
/// <param name="Group">Block tables.</param>
/// <param name="Visible">What each row sees.</param>
/// <param name="BlockSize">Positions in a block.</param>
internal readonly record struct AttentionView(
    CpuActivations Queries, CpuActivations Result, CpuKvLayer Layer, KvGroupInputs Group, VisibleRows Visible, int BlockSize);
