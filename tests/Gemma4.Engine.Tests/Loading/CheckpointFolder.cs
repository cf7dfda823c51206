using System.Text;
using System.Text.Json.Nodes;
using Gemma4.Testing;

namespace Gemma4.Engine.Tests.Loading;

/// <summary>A copy of a tiny checkpoint that a test may damage; gone when the test ends.</summary>
internal sealed class CheckpointFolder : IDisposable
{
    private CheckpointFolder(string path) => Root = path;

    /// <summary>Laid out like the fixtures: models beside golden and media.</summary>
    public string Root { get; }

    public string Model { get; private init; } = "";

    public string Directory => Path.Combine(Root, "models", Model);

    public string Weights => Path.Combine(Directory, "model.safetensors");

    /// <summary>Copies a model; goldens and media are linked, not copied.</summary>
    /// <param name="model">Its name.</param>
    /// <param name="fixtures">Where it lies beside its goldens; null takes those of the repository.</param>
    public static CheckpointFolder Copy(string model, string? fixtures = null)
    {
        fixtures ??= RepositoryPaths.Fixtures;
        var folder = new CheckpointFolder(System.IO.Directory.CreateTempSubdirectory("gemma4-test-").FullName) { Model = model };
        System.IO.Directory.CreateDirectory(folder.Directory);
        foreach (string file in System.IO.Directory.EnumerateFiles(Path.Combine(fixtures, "models", model)))
            File.Copy(file, Path.Combine(folder.Directory, Path.GetFileName(file)));
        System.IO.Directory.CreateDirectory(Path.Combine(folder.Root, "golden"));
        System.IO.Directory.CreateSymbolicLink(
            Path.Combine(folder.Root, "golden", model), Path.Combine(fixtures, "golden", model));
        System.IO.Directory.CreateSymbolicLink(Path.Combine(folder.Root, "media"), Path.Combine(fixtures, "media"));
        return folder;
    }

    /// <summary>Edits <c>config.json</c>.</summary>
    public void EditConfig(Action<JsonObject> edit)
    {
        string file = Path.Combine(Directory, "config.json");
        JsonObject config = JsonNode.Parse(File.ReadAllText(file))!.AsObject();
        edit(config);
        File.WriteAllText(file, config.ToJsonString());
    }

    /// <summary>Edits the header of the weights; the data stays as it is.</summary>
    public void EditHeader(Action<JsonObject> edit)
    {
        (JsonObject header, byte[] data) = ReadWeights();
        edit(header);
        WriteWeights(Weights, header, data);
    }

    /// <summary>Multiplies every element of a bfloat16 tensor.</summary>
    public void Scale(string tensor, float factor)
    {
        (JsonObject header, byte[] data) = ReadWeights();
        int begin = header[tensor]!["data_offsets"]![0]!.GetValue<int>(), end = header[tensor]!["data_offsets"]![1]!.GetValue<int>();
        for (int i = begin; i < end; i += 2)
        {
            float value = BitConverter.UInt32BitsToSingle((uint)BitConverter.ToUInt16(data, i) << 16) * factor;
            BitConverter.TryWriteBytes(data.AsSpan(i), (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16));
        }
        WriteWeights(Weights, header, data);
    }

    /// <summary>Distributes the tensors over shards with an index, in turn.</summary>
    public void Shard(int count)
    {
        (JsonObject header, byte[] data) = ReadWeights();
        var map = new JsonObject();
        KeyValuePair<string, JsonNode?>[] tensors = [.. header.Where(t => t.Key != "__metadata__")];
        for (int s = 0; s < count; s++)
        {
            string name = $"model-{s + 1:00000}-of-{count:00000}.safetensors";
            var shard = new JsonObject();
            var bytes = new List<byte>();
            for (int i = s; i < tensors.Length; i += count)
            {
                JsonObject entry = tensors[i].Value!.DeepClone().AsObject();
                int begin = entry["data_offsets"]![0]!.GetValue<int>(), end = entry["data_offsets"]![1]!.GetValue<int>();
                entry["data_offsets"] = new JsonArray(bytes.Count, bytes.Count + end - begin);
                bytes.AddRange(data[begin..end]);
                shard[tensors[i].Key] = entry;
                map[tensors[i].Key] = name;
            }
            WriteWeights(Path.Combine(Directory, name), shard, [.. bytes]);
        }
        File.Delete(Weights);
        File.WriteAllText(Path.Combine(Directory, "model.safetensors.index.json"), new JsonObject { ["weight_map"] = map }.ToJsonString());
    }

    public void Dispose() => System.IO.Directory.Delete(Root, recursive: true);

    private (JsonObject Header, byte[] Data) ReadWeights()
    {
        byte[] file = File.ReadAllBytes(Weights);
        int length = (int)BitConverter.ToInt64(file);
        return (JsonNode.Parse(file.AsSpan(8, length))!.AsObject(), file[(8 + length)..]);
    }

    private static void WriteWeights(string path, JsonObject header, byte[] data)
    {
        byte[] json = Encoding.UTF8.GetBytes(header.ToJsonString());
        using FileStream stream = File.Create(path);
        stream.Write(BitConverter.GetBytes((long)json.Length));
        stream.Write(json);
        stream.Write(data);
    }
}
