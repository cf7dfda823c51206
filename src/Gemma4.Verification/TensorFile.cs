using Gemma4.Engine;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Kernels.Blocks;
using Gemma4.Engine.Loading;

namespace Gemma4.Verification;

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

    public unsafe float[] Floats(string name)
    {
        StoredTensor stored = Find(name);
        using var file = new MappedFile(stored.File);
        var values = new float[stored.NumElements];
        WeightDecoder.Decode(stored.WeightFormat, new ReadOnlySpan<byte>(file.At(stored.Offset), checked((int)stored.Length)), values);
        return values;
    }

    public unsafe int[] Ints(string name)
    {
        StoredTensor stored = Find(name);
        using var file = new MappedFile(stored.File);
        byte* data = file.At(stored.Offset);
        var values = new int[stored.NumElements];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = stored.Dtype switch
            {
                StoredDtype.I32 => ((int*)data)[i],
                StoredDtype.I64 => checked((int)((long*)data)[i]),
                _ => throw new CheckpointException(_path, $"tensor {name}: found {stored.Dtype}, expected I32 or I64"),
            };
        }
        return values;
    }

    private StoredTensor Find(string name) => _tensors.TryGetValue(name, out StoredTensor? tensor)
        ? tensor
        : throw new CheckpointException(_path, $"tensor {name} is missing");
}
