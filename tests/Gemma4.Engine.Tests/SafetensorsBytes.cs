using System.Text.Json;

namespace Gemma4.Engine.Tests;

/// <summary>The tensors of a safetensors file as bytes, read without the loader that other tests test.</summary>
internal static class SafetensorsBytes
{
    public static Dictionary<string, byte[]> Read(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        int headerLength = checked((int)BitConverter.ToInt64(file));
        using JsonDocument header = JsonDocument.Parse(file.AsMemory(8, headerLength));
        var tensors = new Dictionary<string, byte[]>();
        foreach (JsonProperty entry in header.RootElement.EnumerateObject().Where(e => e.Name != "__metadata__"))
        {
            int[] offsets = [.. entry.Value.GetProperty("data_offsets").EnumerateArray().Select(o => o.GetInt32())];
            tensors[entry.Name] = file[(8 + headerLength + offsets[0])..(8 + headerLength + offsets[1])];
        }
        return tensors;
    }
}
