using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gemma4.RandomCheckpoint;

/// <summary>Writes a checkpoint of released shape with seeded random weights: as large and as fast as the real one, and as mute.</summary>
internal static class RandomCheckpoint
{
    private const int NoiseBytes = 1 << 24;

    /// <param name="configDirectory">config.json and the other small files of the model; all are copied.</param>
    /// <param name="tensorsFile">JSON with <c>used</c> and optionally <c>stored_but_unused_shared_kv</c>: tensor name → shape.</param>
    /// <param name="tokenizerFile">tokenizer.json, plain or .gz.</param>
    /// <param name="outputDirectory">Created; an existing model.safetensors is overwritten.</param>
    /// <param name="seed">The same seed writes the same bytes.</param>
    public static void Write(string configDirectory, string tensorsFile, string tokenizerFile, string outputDirectory, int seed)
    {
        Directory.CreateDirectory(outputDirectory);
        foreach (string file in Directory.EnumerateFiles(configDirectory))
            File.Copy(file, Path.Combine(outputDirectory, Path.GetFileName(file)), overwrite: true);
        CopyTokenizer(tokenizerFile, Path.Combine(outputDirectory, "tokenizer.json"));

        (string Name, long[] Shape)[] tensors = ReadShapes(tensorsFile);
        var header = new JsonObject();
        long offset = 0;
        foreach ((string name, long[] shape) in tensors)
        {
            long end = offset + 2 * Count(shape);
            header[name] = new JsonObject
            {
                ["dtype"] = "BF16",
                ["shape"] = new JsonArray([.. shape.Select(d => (JsonNode)d)]),
                ["data_offsets"] = new JsonArray(offset, end),
            };
            offset = end;
        }
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(header);
        using FileStream output = File.Create(Path.Combine(outputDirectory, "model.safetensors"));
        Span<byte> length = stackalloc byte[8];
        int padding = (8 - json.Length % 8) % 8;
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length + padding);
        output.Write(length);
        output.Write(json);
        output.Write("        "u8[..padding]);
        byte[] noise = Noise(seed);
        foreach ((string name, long[] shape) in tensors)
            WriteTensor(output, name, shape, noise);
    }

    private static void WriteTensor(FileStream output, string name, long[] shape, byte[] noise)
    {
        long left = 2 * Count(shape);
        bool isNorm = name.EndsWith("norm.weight", StringComparison.Ordinal) || name.Contains("layernorm", StringComparison.Ordinal)
            || name.EndsWith("scale", StringComparison.Ordinal) || name.EndsWith("layer_scalar", StringComparison.Ordinal);
        if (isNorm || shape.Length == 0)
        {
            // Norm weights, scales and clipping bounds: 1, or ±1e4 where a bound must not bite. 0x3F80 is 1, 0x461C is 9984.
            ushort value = name.EndsWith("_min", StringComparison.Ordinal) ? (ushort)0xC61C
                : name.EndsWith("_max", StringComparison.Ordinal) ? (ushort)0x461C : (ushort)0x3F80;
            byte[] bytes = new byte[left];
            for (int i = 0; i < bytes.Length; i += 2)
                BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(i), value);
            output.Write(bytes);
            return;
        }
        // One block of noise, entered at a place that depends on the name, repeats through large tensors.
        int at = (int)(Hash(name) % (NoiseBytes / 2)) * 2;
        while (left > 0)
        {
            int count = (int)Math.Min(left, NoiseBytes - at);
            output.Write(noise, at, count);
            left -= count;
            at = 0;
        }
    }

    /// <summary>Normal numbers of deviation 0.02, as bfloat16.</summary>
    private static byte[] Noise(int seed)
    {
        var random = new Random(seed);
        byte[] noise = new byte[NoiseBytes];
        for (int i = 0; i < NoiseBytes; i += 2)
        {
            double normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
            BinaryPrimitives.WriteUInt16LittleEndian(noise.AsSpan(i), (ushort)(BitConverter.SingleToUInt32Bits((float)(0.02 * normal)) >> 16));
        }
        return noise;
    }

    private static (string, long[])[] ReadShapes(string tensorsFile)
    {
        JsonNode root = JsonNode.Parse(File.ReadAllText(tensorsFile))!;
        return [.. new[] { "used", "stored_but_unused_shared_kv" }
            .Select(key => root[key]).OfType<JsonObject>().SelectMany(o => o)
            .Select(t => (t.Key, t.Value!.AsArray().Select(d => (long)d!).ToArray()))];
    }

    private static void CopyTokenizer(string source, string destination)
    {
        using FileStream input = File.OpenRead(source);
        using Stream plain = source.EndsWith(".gz", StringComparison.Ordinal)
            ? new System.IO.Compression.GZipStream(input, System.IO.Compression.CompressionMode.Decompress)
            : input;
        using FileStream output = File.Create(destination);
        plain.CopyTo(output);
    }

    private static long Count(long[] shape) => shape.Aggregate(1L, (product, d) => product * d);

    /// <summary>FNV-1a.</summary>
    private static uint Hash(string name) => name.Aggregate(2166136261u, (hash, c) => (hash ^ c) * 16777619u);
}
