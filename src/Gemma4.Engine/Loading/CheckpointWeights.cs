using Gemma4.Engine.Configuration;
using Gemma4.Engine.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Loading;

/// <summary>Weights of a checkpoint whose names and shapes were checked before.</summary>
/// <remarks>On the CPU a weight stored in the wanted dtype is the mapped file itself; anything else is converted or moved once.</remarks>
internal sealed class CheckpointWeights : WeightSource
{
    private readonly CheckpointIndex _index;
    private readonly IProgress<LoadProgress>? _progress;
    private readonly long _bytesToLoad;
    private readonly Dictionary<string, MappedFile> _files = new(StringComparer.Ordinal);
    private readonly List<IDisposable> _owned = [];
    private readonly HashSet<string> _reported = new(StringComparer.Ordinal);
    private readonly CpuProducts? _cpu;
    private long _bytesLoaded;

    /// <param name="index">The checkpoint.</param>
    /// <param name="dtype">Dtype of the model.</param>
    /// <param name="device">Where weights go.</param>
    /// <param name="bytesToLoad">Bytes of all tensors that will be taken, for the progress.</param>
    /// <param name="progress">Told after each tensor.</param>
    public CheckpointWeights(CheckpointIndex index, ScalarType dtype, Device device, long bytesToLoad, IProgress<LoadProgress>? progress)
    {
        _index = index;
        _progress = progress;
        _bytesToLoad = bytesToLoad;
        ModelDtype = dtype;
        Dtype = device.type == DeviceType.CPU ? ScalarType.Float32 : dtype;
        Device = device;
        _cpu = device.type == DeviceType.CPU ? new CpuProducts() : null;
    }

    public override ScalarType Dtype { get; }

    public override ScalarType ModelDtype { get; }

    public override Device Device { get; }

    public override CpuProducts? Cpu => _cpu;

    public override unsafe Tensor Take(string name, ScalarType dtype, ReadOnlySpan<long> shape)
    {
        StoredTensor stored = Find(name);
        if (!_files.TryGetValue(stored.File, out MappedFile? file))
            _files.Add(stored.File, file = new MappedFile(stored.File));
        if (stored.Shape.Length > 0)      // bounds of clipped projections may be infinite
            RefuseNonFinite(stored, WeightScan.FirstNonFinite(file.At(stored.Offset), stored.Dtype, stored.NumElements, _cpu));
        Tensor mapped = NativeTensor.Over(file.At(stored.Offset), stored.Dtype, shape);
        bool aliases = stored.Dtype == dtype && Device.type == DeviceType.CPU && stored.Offset % mapped.element_size() == 0;
        Tensor taken = mapped;
        if (!aliases)
        {
            taken = mapped.to(dtype, Device, copy: true).DetachFromDisposeScope();
            mapped.Dispose();
        }
        _owned.Add(taken);
        Report(stored);
        return taken;
    }

    public override Linear TakeLinear(string name, int outFeatures, int inFeatures) =>
        Product(Take($"{name}.weight", LinearDtype($"{name}.weight"), [outFeatures, inFeatures]));

    public override IReadOnlyList<Linear> TakeLinears(string name, int count, int outFeatures, int inFeatures)
    {
        Tensor all = Take(name, LinearDtype(name), [count, outFeatures, inFeatures]);
        var linears = new Linear[count];
        for (int i = 0; i < count; i++)
        {
            Tensor one = all.select(0, i).DetachFromDisposeScope();
            _owned.Add(one);
            linears[i] = Product(one);
        }
        return linears;
    }

    public override RowTable TakeRows(string name, int rows, int width)
    {
        StoredTensor stored = Find(name);
        var table = new FileRowTable(stored, Dtype, Device);
        _owned.Add(table);
        RefuseNonFinite(stored, table.FirstNonFiniteOfSample());
        Report(stored);
        return table;
    }

    public override void Dispose()
    {
        foreach (IDisposable owned in _owned)
            owned.Dispose();
        _owned.Clear();
        foreach (MappedFile file in _files.Values)
            file.Dispose();
        _files.Clear();
        _cpu?.Dispose();
    }

    /// <summary>On the CPU our product reads float32 and bfloat16 as they are stored, so float32 arithmetic needs no float32 copy.</summary>
    private ScalarType LinearDtype(string name) => (_cpu, Find(name).Dtype) switch
    {
        (null, _) => Dtype,
        (_, ScalarType.Float16) => ScalarType.Float32,
        (_, var stored) => ModelDtype == ScalarType.BFloat16 ? ScalarType.BFloat16 : stored,
    };

    private Linear Product(Tensor weight) => _cpu?.Of(weight) ?? new DenseLinear(weight);

    private static void RefuseNonFinite(StoredTensor stored, long index)
    {
        if (index >= 0)
            throw new CheckpointException(stored.File, $"tensor {stored.Name}: element {index} is infinite or not a number; the file is damaged, or was written by a failed training");
    }

    private void Report(StoredTensor stored)
    {
        if (!_reported.Add(stored.Name))
            return;
        _bytesLoaded += stored.Length;
        _progress?.Report(new LoadProgress(_bytesLoaded, _bytesToLoad));
    }

    private StoredTensor Find(string name) => _index.TryGet(name, out StoredTensor stored)
        ? stored
        : throw new CheckpointException(_index.Source, $"tensor {name} is missing");
}
