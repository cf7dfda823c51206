using Gemma4.Engine.Configuration;
using Gemma4.Engine.Loading;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Verification;

/// <summary>A small safetensors file read into managed arrays.</summary>
internal sealed class TensorFile
{
    private readonly string _path;
    private readonly Dictionary<string, StoredTensor> _tensors;

    public TensorFile(string path)
    {
        _path = path;
        _tensors = SafetensorsHeader.Read(path).ToDictionary(t => t.Name, StringComparer.Ordinal);
    }

    public bool Has(string name) => _tensors.ContainsKey(name);

    public IReadOnlyList<long> Shape(string name) => Find(name).Shape;

    public float[] Floats(string name) => Convert<float>(Find(name), ScalarType.Float32);

    public int[] Ints(string name) => Convert<int>(Find(name), ScalarType.Int32);

    private StoredTensor Find(string name) => _tensors.TryGetValue(name, out StoredTensor? tensor)
        ? tensor
        : throw new CheckpointException(_path, $"tensor {name} is missing");

    private static unsafe T[] Convert<T>(StoredTensor stored, ScalarType dtype) where T : unmanaged
    {
        using var file = new MappedFile(stored.File);
        using Tensor mapped = NativeTensor.Over(file.At(stored.Offset), stored.Dtype, stored.Shape.AsSpan());
        using Tensor converted = mapped.to(dtype, copy: true);
        return converted.data<T>().ToArray();
    }
}
