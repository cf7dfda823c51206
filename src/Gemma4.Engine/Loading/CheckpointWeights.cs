using Gemma4.Engine.Backends;
using Gemma4.Engine.Configuration;

namespace Gemma4.Engine.Loading;

/// <summary>Weights of a checkpoint whose names and shapes were checked before: the bytes of mapped files.</summary>
/// <param name="index">The checkpoint.</param>
/// <param name="backend">Whose threads look through the weights; borrowed.</param>
/// <param name="bytesToLoad">Bytes of all tensors that will be taken, for the progress.</param>
/// <param name="progress">Told after each tensor.</param>
internal sealed unsafe class CheckpointWeights(CheckpointIndex index, Backend backend, long bytesToLoad, IProgress<LoadProgress>? progress) : WeightStore
{
    private readonly Dictionary<string, MappedFile> _files = new(StringComparer.Ordinal);
    private readonly List<FileRows> _tables = [];
    private readonly HashSet<string> _reported = new(StringComparer.Ordinal);
    private long _bytesLoaded;

    public override StoredWeight Take(string name, ReadOnlySpan<long> shape)
    {
        StoredTensor stored = Find(name);
        if (!_files.TryGetValue(stored.File, out MappedFile? file))
            _files.Add(stored.File, file = new MappedFile(stored.File));
        byte* data = file.At(stored.Offset);
        if (stored.Shape.Length > 0 && !_reported.Contains(name))      // bounds of clipped projections, which have no shape, may be infinite
            RefuseNonFinite(stored, WeightScan.FirstNonFinite(data, stored.WeightFormat, stored.NumElements, backend));
        Report(stored);
        return new StoredWeight(name, stored.WeightFormat, [.. shape], data);
    }

    public override StoredRows TakeRows(string name, int rows, int width)
    {
        StoredTensor stored = Find(name);
        var table = new FileRows(stored);
        _tables.Add(table);
        RefuseNonFinite(stored, table.FirstNonFiniteOfSample());
        Report(stored);
        return table;
    }

    public override void Dispose()
    {
        foreach (FileRows table in _tables)
            table.Dispose();
        foreach (MappedFile file in _files.Values)
            file.Dispose();
        _tables.Clear();
        _files.Clear();
    }

    private static void RefuseNonFinite(StoredTensor stored, long element)
    {
        if (element >= 0)
            throw new CheckpointException(stored.File, $"tensor {stored.Name}: element {element} is infinite or not a number; the file is damaged, or was written by a failed training");
    }

    private void Report(StoredTensor stored)
    {
        if (!_reported.Add(stored.Name))
            return;
        _bytesLoaded += stored.Length;
        progress?.Report(new LoadProgress(_bytesLoaded, bytesToLoad));
    }

    private StoredTensor Find(string name) => index.TryGet(name, out StoredTensor stored)
        ? stored
        : throw new CheckpointException(index.Source, $"tensor {name} is missing");
}
