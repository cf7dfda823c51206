using System.Text.Json;
using Gemma4.Engine.Configuration;

namespace Gemma4.Engine.Loading;

/// <summary>Every tensor of a checkpoint folder by name, from one safetensors file or from an index and its shards.</summary>
internal sealed class CheckpointIndex
{
    private const string SingleFile = "model.safetensors";

    /// <summary>The file that says which tensor lies in which of several files.</summary>
    public const string IndexFile = "model.safetensors.index.json";

    private readonly Dictionary<string, StoredTensor> _tensors;

    private CheckpointIndex(string source, Dictionary<string, StoredTensor> tensors)
    {
        Source = source;
        _tensors = tensors;
    }

    /// <summary>The file that says what the checkpoint holds; named when a tensor is missing.</summary>
    public string Source { get; }

    /// <summary>Every tensor.</summary>
    public IEnumerable<StoredTensor> Tensors => _tensors.Values;

    /// <summary>Every name.</summary>
    public IEnumerable<string> Names => _tensors.Keys;

    /// <summary>The files that hold tensors.</summary>
    public IEnumerable<string> Files => _tensors.Values.Select(t => t.File).Distinct(StringComparer.Ordinal);

    public bool TryGet(string name, out StoredTensor tensor) => _tensors.TryGetValue(name, out tensor!);

    /// <summary>Reads the headers of a folder's files.</summary>
    public static CheckpointIndex Read(string directory)
    {
        string index = Path.Combine(directory, IndexFile), single = Path.Combine(directory, SingleFile);
        if (File.Exists(index))
            return new CheckpointIndex(index, ReadShards(directory, index));
        if (File.Exists(single))
            return new CheckpointIndex(single, SafetensorsHeader.Read(single).ToDictionary(t => t.Name, StringComparer.Ordinal));
        throw new CheckpointException(directory, $"found neither {SingleFile} nor {IndexFile}");
    }

    private static Dictionary<string, StoredTensor> ReadShards(string directory, string index)
    {
        Dictionary<string, string> shardOf = ReadWeightMap(index);
        var tensors = new Dictionary<string, StoredTensor>(StringComparer.Ordinal);
        foreach (string shard in shardOf.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            if (shard != Path.GetFileName(shard))
                throw new CheckpointException(index, $"weight_map: \"{shard}\" is not a file name in this folder");
            string file = Path.Combine(directory, shard);
            if (!File.Exists(file))
                throw new CheckpointException(index, $"weight_map: the shard {shard} does not exist");
            foreach (StoredTensor tensor in SafetensorsHeader.Read(file))
            {
                if (shardOf.TryGetValue(tensor.Name, out string? expected) && expected == shard)
                    tensors.Add(tensor.Name, tensor);
            }
        }
        foreach ((string name, string shard) in shardOf)
        {
            if (!tensors.ContainsKey(name))
                throw new CheckpointException(Path.Combine(directory, shard), $"tensor {name} is missing, though {IndexFile} says it lies here");
        }
        return tensors;
    }

    private static Dictionary<string, string> ReadWeightMap(string index)
    {
        using JsonDocument document = CheckpointJson.Read(index);
        if (document.RootElement.ValueKind != JsonValueKind.Object
            || !document.RootElement.TryGetProperty("weight_map", out JsonElement map) || map.ValueKind != JsonValueKind.Object
            || map.EnumerateObject().Any(e => e.Value.ValueKind != JsonValueKind.String))
            throw new CheckpointException(index, "weight_map: expected an object of tensor name → file name");
        var shardOf = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (JsonProperty entry in map.EnumerateObject())
            shardOf[entry.Name] = entry.Value.GetString()!;
        return shardOf;
    }
}
