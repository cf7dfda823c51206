using System.Runtime.InteropServices;
using System.Text.Json;

namespace Gemma4.Engine.Tests;

/// <summary>The float32 tensors of a golden safetensors file, read without the loader that other tests test.</summary>
internal static class GoldenTensors
{
    public static Dictionary<string, (int[] Shape, float[] Values)> Read(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        int headerLength = checked((int)BitConverter.ToInt64(file));
        using JsonDocument header = JsonDocument.Parse(file.AsMemory(8, headerLength));
        ReadOnlySpan<byte> data = file.AsSpan(8 + headerLength);
        var tensors = new Dictionary<string, (int[], float[])>();
        foreach (JsonProperty entry in header.RootElement.EnumerateObject().Where(e => e.Name != "__metadata__"))
        {
            if (entry.Value.GetProperty("dtype").GetString() != "F32")
                throw new InvalidDataException($"{path}: {entry.Name} is not float32");
            int[] offsets = [.. entry.Value.GetProperty("data_offsets").EnumerateArray().Select(o => o.GetInt32())];
            int[] shape = [.. entry.Value.GetProperty("shape").EnumerateArray().Select(o => o.GetInt32())];
            tensors[entry.Name] = (shape, MemoryMarshal.Cast<byte, float>(data[offsets[0]..offsets[1]]).ToArray());
        }
        return tensors;
    }
}
