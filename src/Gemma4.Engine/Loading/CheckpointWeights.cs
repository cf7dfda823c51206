using Gemma4.Engine.Backends;
using Gemma4.Engine.Backends.Cpu;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Kernels;

namespace Gemma4.Engine.Loading;

/// <summary>Weights of a checkpoint whose names and shapes were checked before: the bytes of mapped files, and copies of the few that a file's writer changed.</summary>
/// <param name="located">Where they are, by published name.</param>
/// <param name="backend">Whose threads look through the weights; borrowed.</param>
/// <param name="progress">Told after each tensor.</param>
/// <param name="lazy">True where mapped weights are read when they are first multiplied with, and not looked through before.</param>
internal sealed unsafe class CheckpointWeights(
    IReadOnlyDictionary<string, LocatedWeight> located, Backend backend, IProgress<LoadProgress>? progress, bool lazy = false) : WeightStore
{
    private readonly long _bytesToLoad = located.Values.Sum(w => w.Length);
    private readonly Dictionary<string, MappedFile> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (WeightFormat Format, HostMemory Memory)> _copies = new(StringComparer.Ordinal);
    private readonly List<FileRows> _tables = [];
    private readonly HashSet<string> _scanned = new(StringComparer.Ordinal);
    private readonly HashSet<string> _reported = new(StringComparer.Ordinal);
    private readonly List<FileSlice> _packed = [];      // taken since copies were released, and held in another form by now
    private long _bytesLoaded;

    public override StoredWeight Take(string name, ReadOnlySpan<long> shape)
    {
        LocatedWeight weight = Find(name);
        StoredWeight taken = weight.IsAsStored ? new StoredWeight(name, weight.Format, [.. shape], At(weight.Slices[0]), weight.InPanels) : Copied(weight, shape);
        bool isPacked = weight.Shape.Length > 1 && backend.BytesMade(weight.Format, weight.Shape.AsSpan(), weight.InPanels, isMultiplied: true, isHead: false) > 0;
        // Bounds of clipped projections, which have no shape, may be infinite. Panels were looked through when they were made.
        if (weight.Shape.Length > 0 && _scanned.Add(name) && (isPacked || !lazy))
        {
            if (weight.InPanels)
                PageReader.Read(taken.Data, weight.Length, backend);
            else
                RefuseNonFinite(weight, WeightScan.FirstNonFinite(taken.Data, taken.Format, taken.NumElements, backend));
        }
        if (isPacked && weight.IsAsStored)
            _packed.Add(weight.Slices[0]);
        Report(weight);
        return taken;
    }

    public override StoredRows TakeRows(string name, int rows, int width)
    {
        LocatedWeight weight = Find(name);
        if (!weight.IsAsStored || weight.InPanels)
            throw new CheckpointException(weight.Slices[0].File, $"tensor {name}: a table of rows must lie in one piece, as it was published");
        var table = new FileRows(name, weight.Format, rows, width, weight.Slices[0]);
        _tables.Add(table);
        RefuseNonFinite(weight, table.FirstNonFiniteOfSample());
        Report(weight);
        return table;
    }

    /// <summary>Bytes of the copies that are held.</summary>
    public long CopiedBytes => _copies.Values.Sum(copy => copy.Memory.Length);

    public override void ReleaseCopies()
    {
        foreach (FileSlice slice in _packed)
            _files[slice.File].LetGo(slice.Offset, slice.Length);
        _packed.Clear();
        foreach ((string name, (WeightFormat format, HostMemory memory)) in _copies.ToArray())
        {
            if (format.BlockLength == 1)
                continue;      // numbers as they are may be computed with where they lie
            memory.Dispose();
            _copies.Remove(name);
        }
    }

    public override void Dispose()
    {
        foreach (FileRows table in _tables)
            table.Dispose();
        foreach ((_, HostMemory memory) in _copies.Values)
            memory.Dispose();
        foreach (MappedFile file in _files.Values)
            file.Dispose();
        _tables.Clear();
        _copies.Clear();
        _files.Clear();
    }

    private byte* At(FileSlice slice)
    {
        if (!_files.TryGetValue(slice.File, out MappedFile? file))
            _files.Add(slice.File, file = new MappedFile(slice.File));
        return file.At(slice.Offset);
    }

    private StoredWeight Copied(LocatedWeight weight, ReadOnlySpan<long> shape)
    {
        if (!_copies.TryGetValue(weight.Name, out (WeightFormat Format, HostMemory Memory) copy))
            _copies.Add(weight.Name, copy = WeightCopies.Make(weight, At, backend));
        return new StoredWeight(weight.Name, copy.Format, [.. shape], copy.Memory.Data);
    }

    private static void RefuseNonFinite(LocatedWeight weight, long element)
    {
        if (element >= 0)
            throw new CheckpointException(weight.Slices[0].File, $"tensor {weight.Name}: element {element} is infinite or not a number; the file is damaged, or was written by a failed training");
    }

    private void Report(LocatedWeight weight)
    {
        if (!_reported.Add(weight.Name))
            return;
        _bytesLoaded += weight.Length;
        progress?.Report(new LoadProgress(_bytesLoaded, _bytesToLoad));
    }

    private LocatedWeight Find(string name) => located.TryGetValue(name, out LocatedWeight? weight)
        ? weight
        : throw new InvalidOperationException($"{name} is not among the tensors that the model said it needs.");
}
